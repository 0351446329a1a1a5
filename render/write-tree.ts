/**
 * Writes a rendered tree into its folder, whole or not at all: new bytes are staged beside it first, so that a
 * full disk or a forbidden folder fails before anything is replaced, and a failure midway puts back what was there.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OWNED_FILES, readOwnedFiles } from './owned-files.ts';
import type { RenderedFile } from './tree.ts';

/** What became of the manifests; paths relative to the folder. The list of owned files is not counted. */
export interface Changes {
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
  readonly unchanged: number;
}

/** A file that is in the way and that synth did not write. */
export class ForeignFileError extends Error {}

/**
 * @throws ForeignFileError when a file that synth did not write stands where another is rendered
 * @throws when the folder cannot be written; it is then as it was
 */
export function writeTree(folder: string, files: readonly RenderedFile[]): Changes {
  const plan = planChanges(folder, files);
  const wanted = new Map(files.map((file) => [file.path, file.bytes]));
  const writes = [...plan.added, ...plan.changed];
  if (writes.length + plan.removed.length > 0) apply(folder, writes, plan.removed, wanted);
  const added = plan.added.filter(isManifest);
  const changed = plan.changed.filter(isManifest);
  return {
    added,
    changed,
    removed: plan.removed,
    unchanged: files.length - 1 - added.length - changed.length,
  };
}

function isManifest(path: string): boolean {
  return path !== OWNED_FILES;
}

function planChanges(folder: string, files: readonly RenderedFile[]): Omit<Changes, 'unchanged'> {
  const owned = readOwnedFiles(folder).add(OWNED_FILES);
  const added: string[] = [];
  const changed: string[] = [];
  for (const { path, bytes } of files) {
    const current = readIfThere(join(folder, path));
    if (current === undefined) added.push(path);
    else if (!current.equals(bytes)) {
      if (!owned.has(path)) {
        throw new ForeignFileError(
          `${join(folder, path)} was not written by synth and stands where it would write: move it away`,
        );
      }
      changed.push(path);
    }
  }
  const wanted = new Set(files.map((file) => file.path));
  const removed = [...owned].filter((path) => !wanted.has(path) && existsSync(join(folder, path))).toSorted();
  return { added, changed, removed };
}

function readIfThere(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

function apply(
  folder: string,
  writes: readonly string[],
  removed: readonly string[],
  bytes: ReadonlyMap<string, Uint8Array>,
): void {
  mkdirSync(folder, { recursive: true });
  const staging = mkdtempSync(join(folder, '.synth-'));
  const undo: (() => void)[] = [];
  try {
    writes.forEach((path, index) => writeFileSync(join(staging, `new-${index}`), bytes.get(path) ?? ''));
    [...removed, ...writes].forEach((path, index) =>
      setAside(join(folder, path), join(staging, `old-${index}`), undo),
    );
    writes.forEach((path, index) => {
      const target = join(folder, path);
      makeFolders(dirname(target), undo);
      renameSync(join(staging, `new-${index}`), target);
      undo.push(() => rmSync(target));
    });
    for (const path of removed) removeEmptyFolders(dirname(join(folder, path)), folder);
  } catch (error) {
    for (const step of undo.toReversed()) step();
    throw error;
  } finally {
    rmSync(staging, { recursive: true });
  }
}

function setAside(target: string, aside: string, undo: (() => void)[]): void {
  if (!existsSync(target)) return;
  renameSync(target, aside);
  undo.push(() => {
    mkdirSync(dirname(target), { recursive: true });
    renameSync(aside, target);
  });
}

function makeFolders(folder: string, undo: (() => void)[]): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first !== undefined) undo.push(() => rmSync(first, { recursive: true }));
}

function removeEmptyFolders(folder: string, root: string): void {
  if (folder === root) return;
  try {
    rmdirSync(folder);
  } catch {
    return; // Not empty: something of somebody's is in it.
  }
  removeEmptyFolders(dirname(folder), root);
}
