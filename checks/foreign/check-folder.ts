/** Checks a folder that is not ours: its references may lead out of it, and nobody promised us anything. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Document, Manifest } from '../field.ts';
import { allRules } from '../all-rules.ts';
import { adviceRules, deliveryRules, generalRules } from '../promises.ts';
import { relaysOf } from '../relay.ts';
import { runRules, withoutEchoes } from '../rule.ts';
import { promqlValid } from '../rules/promql-valid.ts';
import type { Finding } from '../rule.ts';
import { validate } from '../schemas/validate.ts';
import type { Target } from '../schemas/validate.ts';
import { Tree } from '../tree.ts';
import type { Place } from '../tree.ts';
import { keyOf, unitsOf } from './kustomize.ts';
import { listOf } from './plain.ts';
import { readFolder } from './read-folder.ts';
import type { Folder, Skipped } from './read-folder.ts';

export interface FolderReport {
  readonly folder: Folder;
  readonly findings: readonly Finding[];
  readonly objects: number;
  readonly skipped: readonly Skipped[];
  /** Kinds without a schema, and how many objects there are of each. */
  readonly unknown: ReadonlyMap<string, number>;
}

/**
 * Findings of all rules that can be sure of something here. A unit with a relay in it is held to the relay's
 * promises.
 *
 * @throws Error when the path does not exist
 */
export function checkFolder(path: string, target: Target): FolderReport {
  const folder = readFolder(path);
  const units = unitsOf(folder);
  const texts = new Map([...folder.files].map(([name, { text }]) => [name, text]));
  const place: Place = {
    complete: false,
    folder: '',
    has: (name) => existsSync(join(folder.root, name)),
  };
  const documents = [...folder.files.values()]
    .filter((file) => !units.parts.has(file.path) || file.documents.some(isIndex))
    .flatMap((file) => file.documents);
  const byKey = new Map(documents.map((document) => [keyOf(document), document]));
  const context = { patched: units.patched, patchedKinds: kindsPatchedByFlux(documents) };
  const schema = validate(documents, target);
  const findings: Finding[] = [
    ...broken(folder),
    ...schema
      .filter((finding) => isSure(finding, byKey.get(keyOf(finding)), context))
      .map((finding) => inDoubt(finding, byKey.get(keyOf(finding)))),
    ...units.units.flatMap(({ documents: unit }) => {
      const relay = relaysOf(new Tree(unit, texts, place)).length > 0;
      const rules = relay ? unitPromises : elsewhere;
      return runRules(rules, unit, texts, { ...place, relay });
    }),
    ...runRules(deliveryRules, documents, texts, place),
  ];
  return {
    folder,
    findings: onlyHere(folder, distinct(withoutEchoes(findings))),
    objects: documents.length,
    skipped: folder.skipped,
    unknown: countUnknown(schema, byKey),
  };
}

/** What holds for the manifests of anybody. */
const elsewhere = [...generalRules, ...adviceRules, promqlValid];

/** All that is not about the repository as a whole. */
const unitPromises = allRules.filter((rule) => !deliveryRules.includes(rule));

function isIndex({ manifest }: Document): boolean {
  return manifest.apiVersion.startsWith('kustomize.config.k8s.io/');
}

/** YAML that no parser takes, where it was meant for Kubernetes. */
function broken(folder: Folder): Finding[] {
  return [...folder.files.values()].flatMap(({ problems }) =>
    problems.map(({ file, line, message, sure }) => ({
      rule: 'yaml',
      severity: sure ? ('error' as const) : ('warning' as const),
      file,
      index: 0,
      object: file,
      path: [],
      line,
      message,
      remedy: 'Correct the YAML.',
    })),
  );
}

/** Is this error of a schema one for sure, or may a patch or substitution have a hand in it? */
function isSure(finding: Finding, document: Document | undefined, context: Context): boolean {
  if (finding.rule !== 'schema' || document === undefined) return true;
  if (isUnknownKind(finding)) return false;
  const value = valueAt(document.manifest, finding.path);
  if (typeof value === 'string' && TEMPLATE.test(value)) return false;
  if (value === null) return false; // the API server drops it
  if (value === undefined && finding.path.join('.') === 'spec') return false; // all defaults
  if (document.manifest.metadata === undefined) return false; // an excerpt, which nobody can apply
  const isMissing = value === undefined;
  if (!isMissing) return true;
  if (context.patched.has(keyOf(document)) || hasGeneratedName(document.manifest)) return false;
  return !context.patchedKinds.has(document.manifest.kind);
}

/** The Prometheus operator of somebody else may be older or newer than ours: its kinds may have other fields. */
function inDoubt(finding: Finding, document: Document | undefined): Finding {
  const isOperators = document?.manifest.apiVersion.startsWith('monitoring.coreos.com/') === true;
  return finding.rule === 'schema' && isOperators ? { ...finding, severity: 'warning' } : finding;
}

/** What Flux, a shell or a program fills in. */
const TEMPLATE = /\$\{?\w|\$\(|\{\{|%\[\d+\]|%[sd]|__[A-Z_]+__|^<[^>]+>$|\.\.\./;

/** What others may change in the objects. */
interface Context {
  /** Documents that a patch of kustomize changes. */
  readonly patched: ReadonlySet<string>;
  /** Kinds that Flux patches. */
  readonly patchedKinds: ReadonlySet<string>;
}

function valueAt(manifest: Manifest, path: readonly (string | number)[]): unknown {
  let value: unknown = manifest;
  for (const key of path)
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  return value;
}

function hasGeneratedName({ metadata }: Manifest): boolean {
  return metadata !== undefined && 'generateName' in metadata;
}

/** Kinds that Flux Kustomizations patch in what they apply: such an object may leave a required field to the patch. */
function kindsPatchedByFlux(documents: readonly Document[]): ReadonlySet<string> {
  return new Set(
    documents
      .filter(({ manifest }) => manifest.apiVersion.startsWith('kustomize.toolkit.fluxcd.io/'))
      .flatMap(({ manifest }) => listOf(valueAt(manifest, ['spec', 'patches'])))
      .flatMap((patch) => {
        const text = JSON.stringify(patch);
        return Array.from(text.matchAll(/kind(?:\\?":\s*\\?"?|: )(\w+)/g), ([, kind = '']) => kind);
      }),
  );
}

/** One base in two overlays is one finding. */
function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const key = JSON.stringify([finding.file, finding.index, finding.path, finding.rule, finding.message]);
    return !seen.has(key) && seen.add(key);
  });
}

/** What a build takes in from outside of the folder is judged where it is. */
function onlyHere(folder: Folder, findings: readonly Finding[]): Finding[] {
  return findings.filter(({ file }) => folder.files.has(file));
}

function countUnknown(
  findings: readonly Finding[],
  documents: ReadonlyMap<string, Document>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const finding of findings.filter(isUnknownKind)) {
    const manifest = documents.get(keyOf(finding))?.manifest;
    const kind = `${manifest?.apiVersion} ${manifest?.kind}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function isUnknownKind({ message }: Finding): boolean {
  return message.startsWith('there is no schema');
}
