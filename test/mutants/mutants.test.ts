import { expect, it } from '@jest/globals';
import { join } from 'node:path';
import { ROOT, textsBelow } from '../repository.ts';
import { mutantsOf } from './generate.ts';
import { judge } from './judge.ts';

const texts = new Map(
  Object.entries(textsBelow(join(ROOT, 'dist'))).filter(([file]) => file.endsWith('.yaml')),
);

it('hardly any of a few mutants of dist/ lives (npm run mutants tries 200)', () => {
  const verdicts = judge(texts, mutantsOf(texts, 'a few', 40));
  const alive = verdicts.filter(({ rule }) => rule === undefined).map(({ mutant }) => mutant.title);
  expect(alive.length <= 4 ? [] : alive).toEqual([]);
});
