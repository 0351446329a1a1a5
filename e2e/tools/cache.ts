import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The Go module that names the version of every tool. */
export const moduleFolder = import.meta.dirname;

/** The variable that moves the cache, for example to a folder that a CI keeps between runs. */
export const cacheVariable = 'TOOLS_CACHE';

/** Where built tools are kept; may be deleted at any time. */
function cacheRoot(): string {
  return resolve(process.env[cacheVariable] ?? join(moduleFolder, '../../.cache/tools'));
}

/**
 * The folder for binaries of exactly this go.mod, go.sum and Go source: a changed version is a new folder,
 * so a stale binary is never run.
 */
export function cacheFolder(): string {
  const hash = createHash('sha256');
  const sources = globSync('**/*.go', { cwd: moduleFolder });
  for (const name of ['go.mod', 'go.sum', ...sources.toSorted()]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(moduleFolder, name)))
      .update('\0');
  }
  return join(cacheRoot(), hash.digest('hex').slice(0, 16));
}
