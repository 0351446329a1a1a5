import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, metrics } from '../relay-src/mx-validator/contract.ts';
import * as outbox from '../relay-src/outbox/contract.ts';
import { ROOT } from './repository.ts';

it('docs/mx-validator.md names every variable and every metric', () => {
  const page = readFileSync(join(ROOT, 'docs/mx-validator.md'), 'utf8');
  const names = [...Object.values(environment), ...Object.keys(metrics)];
  expect(names.filter((name) => !new RegExp(`\`${name}[\`{]`).test(page))).toEqual([]);
});

it('docs/outbox-reference.md names every metric of outbox, its states and its results', () => {
  const page = readFileSync(join(ROOT, 'docs/outbox-reference.md'), 'utf8');
  const names = [...Object.keys(outbox.metrics), ...outbox.states, ...outbox.results];
  expect(names.filter((name) => !new RegExp(`\`${name}[\`{]`).test(page))).toEqual([]);
});
