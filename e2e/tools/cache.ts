import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The Go modules that name the version of every tool, by what they are for. */
export const modules = {
  /** What the product meets on a user's machine and in its own pod. */
  tools: import.meta.dirname,
  /** Kubernetes and Flux, which take long to build. */
  cluster: join(import.meta.dirname, '../cluster'),
  /** Linters of what is not TypeScript. */
  lint: join(import.meta.dirname, '../lint'),
} as const;

/** The variable that moves the cache, for example to a folder that a CI keeps between runs. */
export const cacheVariable = 'TOOLS_CACHE';

/** Where built tools are kept; may be deleted at any time. */
function cacheRoot(): string {
  return resolve(process.env[cacheVariable] ?? join(import.meta.dirname, '../../.cache/tools'));
}

/**
 * The folder for binaries of exactly this module's go.mod, go.sum and Go source: a changed version is a new folder,
 * so a stale binary is never run.
 */
export function cacheFolder(module: string): string {
  const hash = createHash('sha256');
  const sources = globSync('**/*.go', { cwd: module });
  for (const name of ['go.mod', 'go.sum', ...sources.toSorted()]) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(module, name)))
      .update('\0');
  }
  return join(cacheRoot(), hash.digest('hex').slice(0, 16));
}
