import { expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/** Flux's setter walks every YAML file of the repository: a fixture with a live marker would be bumped with the rest. */
it('live image markers stand in app/images and dist only', () => {
  const marked = globSync('**/*.{yaml,yml}', {
    cwd: ROOT,
    exclude: ['node_modules/**', 'build/**', '.cache/**', '.git/**'],
  }).filter((file) => /# \{"\$imagepolicy": "(?!example:)/.test(readFileSync(join(ROOT, file), 'utf8')));
  expect(marked.filter((file) => !/^(app\/images|dist)\//.test(file))).toEqual([]);
});
