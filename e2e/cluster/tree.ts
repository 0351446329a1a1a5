import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

import { run } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';
import { asKubeObject } from './api.ts';
import type { KubeObject } from './api.ts';

/** The private key that opens the secrets: one's own, named as sops wants it, or that of the published example. */
export const keyFile =
  process.env['SOPS_AGE_KEY_FILE'] ?? join(import.meta.dirname, '../../test/fixtures/example.agekey');

/** An object and the file it is in, relative to `dist/`. */
export interface Placed {
  readonly file: string;
  readonly object: KubeObject;
}

/**
 * Every object of a rendered tree, the namespace first and then by file name, secrets decrypted by
 * sops itself. `kustomization.yaml` files are no objects of a cluster.
 *
 * @param dist the folder `dist/` of some version of this repository.
 */
export async function readTree(dist: string): Promise<Placed[]> {
  const files = globSync('**/*.yaml', { cwd: dist }).filter((file) => !file.endsWith('kustomization.yaml'));
  const read = await Promise.all(files.toSorted(namespaceFirst).map((file) => readObjects(dist, file)));
  return read.flat();
}

async function readObjects(dist: string, file: string): Promise<Placed[]> {
  const path = join(dist, file);
  const text = file.endsWith('.enc.yaml') ? await decrypt(path) : readFileSync(path, 'utf8');
  return parseObjects(text).map((object) => ({ file, object }));
}

/** The objects of a YAML text. */
export function parseObjects(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => asKubeObject(document.toJS()));
}

async function decrypt(path: string): Promise<string> {
  const sops = await tool('sops', () => undefined);
  return run(sops, ['decrypt', path], { cwd: '/', env: { SOPS_AGE_KEY_FILE: keyFile } });
}

/** Everything else is in the namespace. */
function namespaceFirst(a: string, b: string): number {
  const rank = (file: string): number => (file.endsWith('namespace.yaml') ? 0 : 1);
  return rank(a) - rank(b) || a.localeCompare(b);
}

/** The one object of a kind and name. */
export function find(tree: readonly Placed[], kind: string, name?: string): KubeObject {
  const found = tree.find(
    ({ object }) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found === undefined) throw new Error(`there is no ${kind} ${name ?? ''} in dist/`);
  return found.object;
}
