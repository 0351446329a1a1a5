/** What lies in the output folder and is not what the sources render. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FieldChange, changedFields } from './fields.ts';
import { objectsIn, type TreeObject } from './objects.ts';
import { OWNED_FILES, readOwnedFiles } from './owned-files.ts';
import type { RenderedFile } from './tree.ts';

/** A file that differs; `path` is relative to the output folder. */
export type Drift = { readonly path: string; readonly source: string } & (
  | { readonly kind: 'missing' }
  /** synth wrote it once, and renders it no longer. */
  | { readonly kind: 'left-over' }
  /** synth never wrote it. */
  | { readonly kind: 'foreign' }
  /** Objects are the same; comments, order or spelling are not. `line` is the first that differs. */
  | { readonly kind: 'form'; readonly line: number }
  | { readonly kind: 'objects'; readonly changes: readonly ObjectDrift[] }
);

/** An object of a file that differs: undefined where only one side has it. */
export interface ObjectDrift {
  readonly rendered: TreeObject | undefined;
  readonly found: TreeObject | undefined;
  /** From what is rendered to what was found. */
  readonly fields: readonly FieldChange[];
}

/** Compares the output folder with the rendered files; a folder without any is one with all of them missing. */
export function driftOf(folder: string, files: readonly RenderedFile[]): Drift[] {
  const found = new Set(filesBelow(folder));
  const rendered = new Set(files.map(({ path }) => path));
  const owned = readOwnedFiles(folder);
  const drift = files.flatMap((file): Drift[] => {
    const { path, source } = file;
    if (!found.has(path)) return [{ path, source, kind: 'missing' }];
    const bytes = readFileSync(join(folder, path));
    return bytes.equals(file.bytes) ? [] : [changedFile(file, bytes.toString('utf8'))];
  });
  const others = [...found].filter((path) => !rendered.has(path));
  return [
    // The list of files follows from the files: alone it differs only when somebody edited it.
    ...drift.filter(({ path }) => path !== OWNED_FILES || drift.length + others.length === 1),
    ...others.map((path): Drift => ({
      path,
      source: '',
      kind: owned.has(path) ? 'left-over' : 'foreign',
    })),
  ];
}

function changedFile({ path, source, bytes }: RenderedFile, text: string): Drift {
  const expected = Buffer.from(bytes).toString('utf8');
  const form: Drift = { path, source, kind: 'form', line: firstDifference(expected, text) };
  if (!path.endsWith('.yaml')) return form;
  const before = new Map(objectsIn(path, expected).map((object) => [object.key, object]));
  const after = new Map(objectsIn(path, text).map((object) => [object.key, object]));
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((key): ObjectDrift[] => {
    const [rendered, found] = [before.get(key), after.get(key)];
    const fields = rendered && found ? changedFields(rendered.manifest, found.manifest) : [];
    return rendered && found && fields.length === 0 ? [] : [{ rendered, found, fields }];
  });
  return changes.length === 0 ? form : { path, source, kind: 'objects', changes };
}

function firstDifference(a: string, b: string): number {
  const lines = b.split('\n');
  const index = a.split('\n').findIndex((line, place) => line !== lines[place]);
  return index < 0 ? lines.length : index + 1;
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .toSorted();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
