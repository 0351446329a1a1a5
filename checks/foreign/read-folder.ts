/** Reads the Kubernetes objects of a folder that is not ours, and says what it leaves out. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Document } from '../field.ts';
import { parseManifests } from './parse-manifests.ts';
import type { YamlProblem } from './parse-manifests.ts';

/** A YAML file with what it holds for Kubernetes. */
export interface ForeignFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly documents: readonly Document[];
  readonly problems: readonly YamlProblem[];
}

/** A file that is left out, and why. */
export interface Skipped {
  readonly path: string;
  readonly reason: string;
}

export interface Folder {
  /** Where paths start: the git repository around the folder, or the folder itself. */
  readonly root: string;
  readonly files: ReadonlyMap<string, ForeignFile>;
  readonly skipped: readonly Skipped[];
  /** Reads a file that lies outside of the folder and that a kustomization.yaml in it takes in. */
  readonly read: (path: string) => ForeignFile | undefined;
}

/** Folders in which nobody keeps manifests of their own. */
const IGNORED = new Set(['node_modules', 'vendor']);

/**
 * All YAML files with Kubernetes objects at or below a path (a folder or one file).
 *
 * @throws Error when the path does not exist
 */
export function readFolder(path: string): Folder {
  const start = resolve(path);
  const isFolder = statSync(start).isDirectory();
  const root = repositoryAround(isFolder ? start : dirname(start));
  const files = new Map<string, ForeignFile>();
  const skipped: Skipped[] = [];
  for (const file of isFolder ? yamlFilesBelow(start) : [start]) {
    const name = relative(root, file);
    const text = withoutLargeDefinitions(readFileSync(file, 'utf8'));
    if (!mayHoldObjects(file, text)) continue;
    const parsed = parseManifests(name, text);
    const reason = whyNoManifest(file, text, parsed);
    if (reason !== undefined) skipped.push({ path: name, reason });
    else files.set(name, { path: name, text, ...parsed });
  }
  const outside = new Map<string, ForeignFile | undefined>();
  const read = (name: string): ForeignFile | undefined => {
    const known = files.get(name);
    if (known !== undefined) return known;
    if (!outside.has(name)) outside.set(name, readOutside(root, name));
    return outside.get(name);
  };
  return { root, files, skipped, read };
}

/** Definitions of custom resources are generated, and a megabyte of them takes a second to parse. */
const LARGE = 20_000;

/** The text with its large CustomResourceDefinitions blanked, so that all other lines keep their numbers. */
function withoutLargeDefinitions(text: string): string {
  if (text.length < LARGE) return text;
  return text
    .split(/^(?=---\s*$)/m)
    .map((part) =>
      part.length > LARGE && /^kind: CustomResourceDefinition\s*$/m.test(part)
        ? `---${part.replaceAll(/[^\n]/g, '')}`
        : part,
    )
    .join('');
}

function readOutside(root: string, path: string): ForeignFile | undefined {
  const file = join(root, path);
  if (!existsSync(file) || !statSync(file).isFile()) return undefined;
  const text = readFileSync(file, 'utf8');
  const parsed = parseManifests(path, text);
  return whyNoManifest(file, text, parsed) === undefined ? { path, text, ...parsed } : undefined;
}

/** The nearest folder upwards with a `.git`, or the folder itself. */
function repositoryAround(folder: string): string {
  let above = folder;
  while (!existsSync(join(above, '.git'))) {
    const parent = dirname(above);
    if (parent === above) return folder;
    above = parent;
  }
  return above;
}

function* yamlFilesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && !IGNORED.has(entry.name)) yield* yamlFilesBelow(path);
    } else if (entry.isFile() && (/\.ya?ml$/.test(entry.name) || entry.name === 'Kustomization')) yield path;
  }
}

/** Is it worth parsing? A kustomization.yaml may leave out its kind. */
function mayHoldObjects(file: string, text: string): boolean {
  return (
    isKustomizationFile(file) ||
    (/^[ \t]*(- )?"?apiVersion"?:/m.test(text) && /^[ \t]*(- )?"?kind"?:/m.test(text))
  );
}

/** Names under which kustomize looks for the index of a folder. */
export function isKustomizationFile(path: string): boolean {
  return ['kustomization.yaml', 'kustomization.yml', 'Kustomization'].includes(basename(path));
}

/** A value, key or line that a template engine fills in: it is no YAML yet, or not the one that is applied. */
const TEMPLATE =
  /^[ \t]*(?:- )?(?:[\w./-]+:[ \t]*)?\{\{|^[ \t]*\{%|\$\{\{|: +[\w./:-]+\{\{|: +\{[A-Z_]+\}|__[A-Z][A-Z_]+__|\bREPLACE[-_]?ME\b/m;

function whyNoManifest(
  file: string,
  text: string,
  parsed: Omit<ForeignFile, 'path' | 'text'>,
): string | undefined {
  if (isInChart(file)) return 'Helm template';
  if (!TEMPLATE.test(text)) return undefined;
  // In a block of text, or in quotes, they are somebody else's: an alert's, a chart's.
  const isPlain =
    parsed.problems.length === 0 && !parsed.documents.some(({ manifest }) => hasMapAsKey(manifest));
  return isPlain && !/\bREPLACE[-_]?ME\b/.test(text) ? undefined : 'template';
}

/** `{{ name }}` is a map whose key is a map, to a YAML parser. */
function hasMapAsKey(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasMapAsKey);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, below]) => key.startsWith('{') || hasMapAsKey(below));
}

/** In `templates/` of a Helm chart, however deep. */
function isInChart(file: string): boolean {
  const match = /^(.*)\/templates\//.exec(file);
  return match?.[1] !== undefined && existsSync(join(match[1], 'Chart.yaml'));
}
