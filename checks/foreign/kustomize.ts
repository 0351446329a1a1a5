/**
 * What the kustomization.yaml files of a folder put together, as far as rules need it: resources, components,
 * namespaces, labels and patches. Names stay as they are: prefixes and hashes change an object and all that refers
 * to it alike.
 */
import { dirname, join } from 'node:path/posix';
import { parse } from 'yaml';
import type { Document, Manifest } from '../field.ts';
import { isManifest } from '../field.ts';
import { isObject, listOf, textsOf } from './plain.ts';
import type { Plain } from './plain.ts';
import { jsonPatch, strategicMerge } from './merge.ts';
import type { Folder, ForeignFile } from './read-folder.ts';

/** Objects that are applied together. */
export interface Unit {
  readonly documents: readonly Document[];
}

/** The units of a folder, and what is not an object of its own. */
export interface Units {
  readonly units: readonly Unit[];
  /** Files that a kustomization.yaml uses otherwise than as resources: patches, values, configuration. */
  readonly parts: ReadonlySet<string>;
  /** Documents that a patch changes, as `file#index`. */
  readonly patched: ReadonlySet<string>;
}

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** The key of a document in `Units.patched`. */
export function keyOf({ file, index = 0 }: Pick<Document, 'file' | 'index'>): string {
  return `${file}#${index}`;
}

/** Each build that no other one includes, and for each folder the files that are in no build. */
export function unitsOf(folder: Folder): Units {
  const builder = new Builder(folder);
  const indexes = [...folder.files.values()].filter((file) => isIndex(file));
  const included = new Set(
    indexes.flatMap((index) => includes(index).map((path) => join(dirname(index.path), path))),
  );
  const isIncluded = (index: ForeignFile) => included.has(dirname(index.path)) || included.has(index.path);
  const roots = indexes.filter((index) => !isIncluded(index) && indexOf(index)?.kind !== 'Component');
  const builds = roots.map((index) => ({ documents: builder.build(dirname(index.path)) }));
  // Components, and what only others include: for what they name.
  for (const index of indexes) if (!roots.includes(index)) builder.build(dirname(index.path));

  const plain = new Map<string, Document[]>();
  for (const file of folder.files.values()) {
    if (isIndex(file) || builder.resources.has(file.path) || builder.parts.has(file.path)) continue;
    const beside = plain.get(dirname(file.path)) ?? [];
    plain.set(dirname(file.path), beside);
    beside.push(...file.documents);
  }
  const units = [...builds, ...Array.from(plain.values(), (documents) => ({ documents }))];
  return { units, parts: builder.parts, patched: builder.patched };
}

function indexOf(file: ForeignFile): (Manifest & Plain) | undefined {
  const manifest: unknown = file.documents[0]?.manifest;
  return isManifest(manifest) ? { ...manifest } : undefined;
}

function isIndex(file: ForeignFile): boolean {
  return (
    NAMES.includes(file.path.split('/').at(-1) ?? '') &&
    indexOf(file)?.apiVersion.startsWith('kustomize.config.k8s.io/') === true
  );
}

function includes(file: ForeignFile): readonly string[] {
  const index = indexOf(file);
  return ['resources', 'bases', 'components'].flatMap((part) => textsOf(index?.[part]));
}

class Builder {
  readonly #folder: Folder;
  readonly #building = new Set<string>();
  readonly resources = new Set<string>();
  readonly parts = new Set<string>();
  readonly patched = new Set<string>();

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** What `kustomize build` makes of a folder; nothing for a folder without a kustomization.yaml, or in a circle. */
  build(path: string, base: readonly Document[] = []): readonly Document[] {
    const file = NAMES.map((name) => this.#folder.read(join(path, name))).find(
      (found) => found !== undefined,
    );
    const index = file === undefined ? undefined : indexOf(file);
    if (file === undefined || index === undefined || this.#building.has(path)) return base;
    this.#building.add(path);
    this.#noteParts(path, index);
    let documents = [...base];
    for (const entry of [...textsOf(index['resources']), ...textsOf(index['bases'])]) {
      documents.push(...this.#resource(join(path, entry)));
    }
    for (const entry of textsOf(index['components']))
      documents = [...this.build(join(path, entry), documents)];
    documents = this.#patch(path, index, documents);
    this.#building.delete(path);
    const namespace = typeof index['namespace'] === 'string' ? index['namespace'] : undefined;
    const labels = addedLabels(index);
    return [...file.documents, ...documents.map((document) => transform(document, namespace, labels))];
  }

  #resource(path: string): readonly Document[] {
    const file = this.#folder.read(path);
    if (file === undefined) return this.build(path);
    this.resources.add(path);
    return file.documents;
  }

  /** Every other file that the index names. */
  #noteParts(path: string, index: Plain): void {
    const { resources: _, bases: _bases, components: _components, ...others } = index;
    for (const text of scalarsOf(others)) {
      const file = join(path, text.replace(/^[\w.-]+=/, ''));
      if (/\.ya?ml$/.test(file)) this.parts.add(file);
    }
  }

  #patch(path: string, index: Plain, documents: readonly Document[]): Document[] {
    const patches = [
      ...listOf(index['patches']),
      ...listOf(index['patchesJson6902']),
      ...textsOf(index['patchesStrategicMerge']).map((text) =>
        text.includes('\n') ? { patch: text } : { path: text },
      ),
    ].filter(isObject);
    let result = [...documents];
    for (const patch of patches) {
      const target = isObject(patch['target']) ? patch['target'] : undefined;
      for (const content of this.#contents(path, patch)) result = this.#apply(result, content, target);
    }
    return result;
  }

  #contents(path: string, patch: Plain): readonly unknown[] {
    if (typeof patch['path'] === 'string') {
      const file = this.#folder.read(join(path, patch['path']));
      if (file === undefined) return [];
      return file.documents.length > 0
        ? file.documents.map(({ manifest }) => manifest)
        : [parseQuietly(file.text)];
    }
    return typeof patch['patch'] === 'string' ? [parseQuietly(patch['patch'])] : [];
  }

  #apply(documents: readonly Document[], patch: unknown, target: Plain | undefined): Document[] {
    return documents.flatMap((document) => {
      if (!(target === undefined ? isOf(patch, document.manifest) : matches(target, document.manifest)))
        return [document];
      this.patched.add(keyOf(document));
      const manifest = patchManifest(document.manifest, patch);
      return manifest === undefined ? [] : [{ ...document, manifest }];
    });
  }
}

/** The object with the patch; undefined when it deletes it, and the object as it was when it cannot be applied. */
function patchManifest(manifest: Manifest, patch: unknown): Manifest | undefined {
  if (isObject(patch) && patch['$patch'] === 'delete') return undefined;
  try {
    const plain: Plain = { ...manifest };
    const { metadata } = manifest;
    const result = Array.isArray(patch)
      ? jsonPatch(plain, patch)
      : isObject(patch)
        ? strategicMerge(plain, patch)
        : plain;
    // A patch with a target may carry any name.
    const named = {
      ...result,
      metadata: { ...(isObject(result['metadata']) ? result['metadata'] : {}), name: metadata?.name },
    };
    return isManifest(named) ? named : manifest;
  } catch {
    return manifest;
  }
}

/** Does a patch without a target mean this object? */
function isOf(patch: unknown, { kind, metadata }: Manifest): boolean {
  return (
    isObject(patch) &&
    patch['kind'] === kind &&
    isObject(patch['metadata']) &&
    patch['metadata']['name'] === metadata?.name
  );
}

/** Does a target select this object? Names are expressions for the whole of a name. */
function matches(target: Plain, manifest: Manifest): boolean {
  const [group, version] = manifest.apiVersion.includes('/')
    ? manifest.apiVersion.split('/')
    : ['', manifest.apiVersion];
  const holds = (key: string, value: string | undefined) => {
    const wanted = target[key];
    if (typeof wanted !== 'string' || wanted === '') return true;
    try {
      return new RegExp(`^(?:${wanted})$`).test(value ?? '');
    } catch {
      return true;
    }
  };
  return (
    holds('group', group) &&
    holds('version', version) &&
    holds('kind', manifest.kind) &&
    holds('name', manifest.metadata?.name)
  );
}

/** Labels that an index gives to all its objects and pods. */
function addedLabels(index: Plain): Plain {
  const labels = listOf(index['labels']).filter(isObject);
  const maps = [index['commonLabels'], ...labels.map((entry) => entry['pairs'])].filter(isObject);
  return Object.assign({}, ...maps);
}

/** Kinds without a namespace; one that is not listed and not native gets one, which no rule looks at. */
const CLUSTER_KINDS =
  /^(Namespace|Node|PersistentVolume|StorageClass|IngressClass|PriorityClass|RuntimeClass|CSIDriver|APIService|CustomResourceDefinition|Cluster.*|.*WebhookConfiguration|ValidatingAdmissionPolicy.*|Kustomization|Component)$/;

function transform(document: Document, namespace: string | undefined, labels: Plain): Document {
  const manifest: Plain = { ...document.manifest };
  const isKustomize = document.manifest.apiVersion.startsWith('kustomize.config.k8s.io/');
  if (isKustomize || (namespace === undefined && Object.keys(labels).length === 0)) return document;
  const metadata = isObject(manifest['metadata']) ? manifest['metadata'] : {};
  const isFlux = document.manifest.apiVersion.startsWith('kustomize.toolkit.fluxcd.io/');
  const hasNamespace = isFlux || !CLUSTER_KINDS.test(document.manifest.kind);
  manifest['metadata'] = {
    ...metadata,
    ...(namespace !== undefined && hasNamespace ? { namespace } : {}),
    labels: { ...(isObject(metadata['labels']) ? metadata['labels'] : {}), ...labels },
  };
  const template = isObject(manifest['spec']) ? manifest['spec']['template'] : undefined;
  if (isObject(manifest['spec']) && isObject(template)) {
    const own = isObject(template['metadata']) ? template['metadata'] : {};
    const podLabels = { ...(isObject(own['labels']) ? own['labels'] : {}), ...labels };
    manifest['spec'] = {
      ...manifest['spec'],
      template: { ...template, metadata: { ...own, labels: podLabels } },
    };
  }
  return isManifest(manifest) ? { ...document, manifest } : document;
}

function scalarsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(scalarsOf);
  return isObject(value) ? Object.values(value).flatMap(scalarsOf) : [];
}

function parseQuietly(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
