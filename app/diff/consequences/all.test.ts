import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { changedForms, changesBetween, sideOf } from '../change.ts';
import type { Author, Context } from '../consequence.ts';
import { consequenceKinds } from './all.ts';

/** A pair of before and after in `<id>.cases.yaml`, and what its kind finds: `weight: sentence`, in any order. */
interface Case {
  readonly what: string;
  readonly before?: readonly object[];
  readonly after?: readonly object[];
  /** The files' text, where objects cannot say it. */
  readonly texts?: { readonly before: string; readonly after: string };
  readonly author?: Author;
  readonly finds: readonly string[];
  /** Part of what is to be done. */
  readonly todo?: string;
}

function casesOf(id: string): Case[] {
  const file = join(import.meta.dirname, `${id}.cases.yaml`);
  return existsSync(file) ? parse(readFileSync(file, 'utf8'), { merge: true }) : [];
}

function contextOf({ before = [], after = [], texts, author }: Case): Context {
  const side = (objects: readonly object[], text: string | undefined): Context['before'] =>
    sideOf(
      new Map([['k8s/test/all.yaml', text ?? objects.map((object) => stringify(object)).join('---\n')]]),
    );
  const [old, now] = [side(before, texts?.before), side(after, texts?.after)];
  const changes = changesBetween(old, now);
  return {
    environment: 'test',
    before: old,
    after: now,
    changes,
    forms: changedForms(old, now, changes),
    authorOf: () => author,
  };
}

describe.each(consequenceKinds.map((kind) => [kind.id, kind] as const))('%s', (id, kind) => {
  const cases = casesOf(id);

  it('has a case in which it speaks, one in which it is silent, and a reference', () => {
    expect(cases.some(({ finds }) => finds.length > 0)).toBe(true);
    expect(cases.some(({ finds }) => finds.length === 0)).toBe(true);
    expect(kind.reference).toMatch(/^https:\/\//);
  });

  it.each(cases.map((one) => [one.what, one] as const))('%s', (_what, one) => {
    const found = [...kind.find(contextOf(one))];
    expect(found.map(({ weight, says }) => `${weight}: ${says}`).toSorted()).toEqual(one.finds.toSorted());
    if (one.todo !== undefined) expect(found.map(({ todo }) => todo).join('\n')).toContain(one.todo);
  });

  it('says nothing of what did not change', () => {
    for (const one of cases) {
      expect([
        ...kind.find(
          contextOf({
            ...one,
            before: one.after ?? [],
            ...(one.texts && { texts: { before: one.texts.after, after: one.texts.after } }),
          }),
        ),
      ]).toEqual([]);
    }
  });
});
