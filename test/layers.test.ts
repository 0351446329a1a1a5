import { describe, expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

const CONTRACT = /^relay-src\/[^/]+\/contract\.ts$/;

/** What each folder may import of ours, beside itself. Packages from npm are everybody's. */
const LAYERS: Record<string, readonly (string | RegExp)[]> = {
  constructs: [CONTRACT],
  flux: [CONTRACT],
  render: [],
  checks: [CONTRACT],
  'relay-src': [],
  app: ['constructs', 'flux', 'render', 'checks', 'relay-src'],
};

const IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*'(\.[^']+)'/g;

function forbiddenImports(folder: string, allowed: readonly (string | RegExp)[]): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT, exclude: ['**/node_modules/**', '**/bad-settings/**'] })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)]
        .map(([, specifier = '']) => relative(ROOT, resolve(ROOT, dirname(file), specifier)))
        .filter((target) => !target.startsWith(`${folder}/`))
        .filter(
          (target) =>
            !allowed.some((rule) =>
              typeof rule === 'string' ? target.startsWith(`${rule}/`) : rule.test(target),
            ),
        )
        .map((target) => `${file} imports ${target}`),
    );
}

describe('imports run one way', () => {
  it.each(Object.entries(LAYERS))('%s', (folder, allowed) => {
    expect(forbiddenImports(folder, allowed)).toEqual([]);
  });

  it('would see a breach', () => {
    expect(forbiddenImports('app', [])).toContain('app/synth.ts imports render/write-tree.ts');
  });
});
