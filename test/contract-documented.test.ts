import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, metrics } from '../relay-src/mx-validator/contract.ts';
import { ROOT } from './repository.ts';

it('docs/mx-validator.md names every variable and every metric', () => {
  const page = readFileSync(join(ROOT, 'docs/mx-validator.md'), 'utf8');
  const names = [...Object.values(environment), ...Object.keys(metrics)];
  expect(names.filter((name) => !new RegExp(`\`${name}[\`{]`).test(page))).toEqual([]);
});
