import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** This repository. */
export const ROOT = join(import.meta.dirname, '..');

const PARTS = [
  'app',
  'constructs',
  'flux',
  'render',
  'checks',
  'relay-src',
  'scripts',
  'secrets',
  'dist',
  '.sops.yaml',
  'package.json',
];

/** A copy of all that synth reads, in a folder of its own, so that its files may change; removed afterwards. */
export async function withRepositoryCopy<T>(body: (root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'email-relay-'));
  try {
    for (const part of PARTS) {
      cpSync(join(ROOT, part), join(root, part), {
        recursive: true,
        filter: (path) => !path.includes('node_modules'),
      });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return await body(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** Every file below a folder with its text. */
export function textsBelow(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .toSorted()
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
}
