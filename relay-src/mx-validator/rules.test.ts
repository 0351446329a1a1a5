/**
 * Coverage of the standard, shown and not claimed: with any one row of the rule tables altered, a dialogue fails.
 * Each dialogue runs once as it is, to learn which rows it touches; then each row is altered in turn.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { limits, replies, type Limits, type Replies } from '../smtp/rules.ts';
import { parseDialogue, runDialogue, type Dialogue } from '../testing/dialogue.ts';
import type { Parts } from './relay.ts';

const folder = new URL('dialogues/', import.meta.url);
const dialogues = readdirSync(folder)
  .filter((name) => name.endsWith('.smtp'))
  .map((name) => parseDialogue(readFileSync(new URL(name, folder), 'utf8')));

/** Rows by name, with the dialogues that read them. */
const readers = new Map<string, Dialogue[]>();

/** A table that notes who reads a row. */
function noting<T extends object>(table: T, dialogue: Dialogue): T {
  return new Proxy(table, {
    get(target, name: string, receiver): unknown {
      const known = readers.get(name) ?? [];
      if (!known.includes(dialogue)) readers.set(name, [...known, dialogue]);
      return Reflect.get(target, name, receiver);
    },
  });
}

/** True if one of the dialogues that read this row goes wrong with these tables. Those about time come last. */
async function noticed(row: string, parts: Partial<Parts>): Promise<boolean> {
  const candidates = (readers.get(row) ?? []).toSorted((a, b) => Number(a.fast) - Number(b.fast));
  for (const dialogue of isTime(row) ? candidates.filter(({ fast }) => fast) : candidates) {
    if ((await runDialogue(dialogue, 'whole', parts, 500)) !== undefined) return true;
  }
  return false;
}

const isTime = (row: string): boolean => row === 'idle' || row === 'transaction';

beforeAll(async () => {
  for (const dialogue of dialogues) {
    const parts = { replies: noting<Replies>(replies, dialogue), limits: noting<Limits>(limits, dialogue) };
    expect(await runDialogue(dialogue, 'whole', parts)).toBeUndefined();
  }
}, 30_000);

function keys<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table).filter((key): key is keyof T & string => Object.hasOwn(table, key));
}

describe('an altered reply is noticed', () => {
  it.each(keys(replies))('%s', async (name) => {
    const rule = replies[name];
    const altered = [{ ...rule, code: rule.code + (rule.code % 10 === 9 ? -1 : 1) }];
    if (rule.enhanced !== '') altered.push({ ...rule, enhanced: `${rule.enhanced}9` });
    for (const one of altered) {
      expect(await noticed(name, { replies: { ...replies, [name]: one } })).toBe(true);
    }
  });
});

describe('an altered limit is noticed', () => {
  it.each(keys(limits))('%s', async (name) => {
    const rule = limits[name];
    const altered = isTime(name) ? [rule.value / 2, rule.value * 2] : [rule.value - 1, rule.value + 1];
    for (const value of altered) {
      expect(await noticed(name, { limits: { ...limits, [name]: { ...rule, value } } })).toBe(true);
    }
  });
});
