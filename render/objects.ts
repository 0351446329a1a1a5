import { parseAllDocuments } from 'yaml';

/** An object of the rendered tree. */
export interface TreeObject {
  /** `Deployment/email-relay/email-relay`: kind, namespace, name; of an index its folder. */
  readonly key: string;
  /** Relative to the output folder. */
  readonly file: string;
  readonly manifest: Readonly<Record<string, unknown>>;
}

/** The objects of a file of YAML documents; what is no object (an empty document) is left out. */
export function objectsIn(file: string, text: string): TreeObject[] {
  let manifests = parsed.get(text);
  if (manifests === undefined) parsed.set(text, (manifests = parseManifests(text)));
  return manifests.map((manifest) => treeObject(file, manifest));
}

/** By text: a revision and another one, and one environment and the next, have most documents in common. */
const parsed = new Map<string, TreeObject['manifest'][]>();

function parseManifests(text: string): TreeObject['manifest'][] {
  return parseAllDocuments(text, { logLevel: 'silent' })
    .map((document): unknown => document.toJS())
    .filter(isRecord);
}

/** A manifest with what it is known by. */
export function treeObject(file: string, manifest: Readonly<Record<string, unknown>>): TreeObject {
  const { kind, apiVersion, metadata } = manifest;
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  // Two groups have a kind of this name: Flux's, and the index that kustomize reads, which has no name.
  const group = String(apiVersion).split('/').length > 1 ? String(apiVersion).split('/')[0] : '';
  const isIndex = group === 'kustomize.config.k8s.io';
  const id = isIndex ? [file.split('/').slice(0, -1).join('/') || '.'] : [namespace, name].filter(Boolean);
  return { key: [isIndex ? 'index' : kind, ...id].join('/'), file, manifest };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
