/**
 * Coverage of the standard, shown and not claimed: with any one row of the rule tables altered, a dialogue fails.
 * Each dialogue runs once as it is, to learn which rows it touches; then each row is altered in turn. Most of that is
 * waiting, so several run at a time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
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

/** Runs all dialogues as they are; those about time alone, since they must not be late. */
async function learn(): Promise<void> {
  const run = async (dialogue: Dialogue): Promise<void> => {
    const parts = { replies: noting<Replies>(replies, dialogue), limits: noting<Limits>(limits, dialogue) };
    expect(await runDialogue(dialogue, 'whole', parts)).toBeUndefined();
  };
  for (const dialogue of dialogues.filter(({ fast }) => fast)) await run(dialogue);
  await Promise.all(dialogues.filter(({ fast }) => !fast).map(run));
}

let learnt: Promise<void> | undefined;

/** True if one of the dialogues that read this row goes wrong with these tables. Those about time come last. */
async function noticed(row: string, parts: Partial<Parts>): Promise<boolean> {
  await (learnt ??= learn());
  const candidates = (readers.get(row) ?? []).toSorted((a, b) => Number(a.fast) - Number(b.fast));
  for (const dialogue of isTime(row) ? candidates.filter(({ fast }) => fast) : candidates) {
    if ((await runDialogue(dialogue, 'whole', parts, 1000)) !== undefined) return true;
  }
  return false;
}

const isTime = (row: string): boolean => row === 'idle' || row === 'transaction';

function keys<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table).filter((key): key is keyof T & string => Object.hasOwn(table, key));
}

describe('an altered reply is noticed', () => {
  it.concurrent.each(keys(replies))(
    '%s',
    async (name) => {
      const rule = replies[name];
      const altered = [{ ...rule, code: rule.code + (rule.code % 10 === 9 ? -1 : 1) }];
      if (rule.enhanced !== '') altered.push({ ...rule, enhanced: `${rule.enhanced}9` });
      for (const one of altered) {
        expect(await noticed(name, { replies: { ...replies, [name]: one } })).toBe(true);
      }
    },
    30_000,
  );
});

describe('an altered limit is noticed', () => {
  it.concurrent.each(keys(limits))(
    '%s',
    async (name) => {
      const rule = limits[name];
      const altered = isTime(name) ? [rule.value / 3, rule.value * 3] : [rule.value - 1, rule.value + 1];
      for (const value of altered) {
        expect(await noticed(name, { limits: { ...limits, [name]: { ...rule, value } } })).toBe(true);
      }
    },
    30_000,
  );
});
