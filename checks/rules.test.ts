import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readExample } from './examples.ts';
import { lineOf } from './locate.ts';
import { allRules } from './all-rules.ts';
import { runRules } from './rule.ts';

describe('each rule', () => {
  it('is one file, and no file is left out', () => {
    const files = readdirSync(new URL('rules', import.meta.url)).filter((file) => file.endsWith('.ts'));
    expect(allRules.map(({ id }) => `${id}.ts`).toSorted()).toEqual(files.toSorted());
  });

  it.each(allRules.map((rule) => [rule.id, rule] as const))(
    '%s finds every marked line of its bad example, and nothing in the good one',
    (id, rule) => {
      const good = readExample(id, 'good');
      expect(runRules([rule], good.documents, good.texts)).toEqual([]);

      const bad = readExample(id, 'bad');
      const found = runRules([rule], bad.documents, bad.texts).map(
        ({ file, path }) => `${file}:${lineOf(bad.texts.get(file) ?? '', path)}`,
      );
      expect(bad.marks).not.toEqual([]);
      expect([...new Set(found)].toSorted()).toEqual(bad.marks.toSorted());
    },
  );
});
