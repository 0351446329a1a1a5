/**
 * 200 mutants of the committed `dist/`, each with the rule that caught it, and those that live: `npm run mutants`.
 * Exit codes: 0 when 95 % or more are caught, 1 when fewer are.
 */
import { join } from 'node:path';
import { ROOT, textsBelow } from '../repository.ts';
import { mutantsOf } from './generate.ts';
import { judge } from './judge.ts';

const WANTED = 0.95;

const count = Number(process.argv[2] ?? 200);
const seed = process.argv[3] ?? 'dist';

const texts = new Map(
  Object.entries(textsBelow(join(ROOT, 'dist'))).filter(([file]) => file.endsWith('.yaml')),
);
const verdicts = judge(texts, mutantsOf(texts, seed, count));
for (const { mutant, rule } of verdicts) process.stdout.write(`${rule ?? 'LIVES'} | ${mutant.title}\n`);
const caught = verdicts.filter(({ rule }) => rule !== undefined).length;
process.stdout.write(
  `seed ${seed}: ${caught} of ${count} caught, ${((100 * caught) / count).toFixed(1)} %\n`,
);
process.exitCode = caught / count >= WANTED ? 0 : 1;
