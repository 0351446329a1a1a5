/**
 * The list of files that synth wrote, with the source of each, kept beside them: what is on it and no longer
 * rendered is removed, what is not on it is never touched. No hashes: a bump by Flux leaves the list true.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { RenderedFile } from './tree.ts';

export const OWNED_FILES = '.manifest.json';

const format = z.strictObject({
  files: z.array(
    z.strictObject({ path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))/), source: z.string() }),
  ),
});

/** Paths that an earlier synth wrote; none where it never ran. @throws when the list is not readable as such */
export function readOwnedFiles(folder: string): Set<string> {
  const path = join(folder, OWNED_FILES);
  if (!existsSync(path)) return new Set();
  const text = readFileSync(path, 'utf8');
  try {
    return new Set(format.parse(JSON.parse(text)).files.map((file) => file.path));
  } catch (error) {
    throw new Error(`${path} is not synth's list of files: restore it with git checkout`, { cause: error });
  }
}

/** The list as a file of the tree. */
export function ownedFilesList(files: readonly RenderedFile[]): RenderedFile {
  const rows = files
    .map(({ path, source }) => ({ path, source }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    path: OWNED_FILES,
    source: 'render/owned-files.ts',
    bytes: Buffer.from(`${JSON.stringify({ files: rows }, null, 2)}\n`),
  };
}
