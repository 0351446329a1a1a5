import { expect, it } from '@jest/globals';
import { Familiar } from './familiar.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

it('knows a line by its octets, wherever it stands, and no part of it', () => {
  const familiar = new Familiar<number>();
  familiar.add(bytes('250 Ok\r\n'), 1);
  familiar.add(bytes('250 Ok: queued\r\n'), 2);
  const memory = bytes('x250 Ok: queued\r\n250 Ok\r\n');
  expect(familiar.find(memory, 1, memory.length)?.value).toBe(2);
  expect(familiar.find(memory, 17, memory.length)?.value).toBe(1);
  expect(familiar.find(memory, 0, memory.length)).toBeUndefined();
  // What lies behind the end is not there.
  expect(familiar.find(memory, 17, memory.length - 1)).toBeUndefined();
});

it('keeps the eight that were added last, and none that is long', () => {
  const familiar = new Familiar<number>();
  for (let n = 0; n < 9; n += 1) familiar.add(bytes(`${n}\n`), n);
  familiar.add(bytes(`${'x'.repeat(80)}\n`), 10);
  const found = Array.from({ length: 9 }, (_, n) => familiar.find(bytes(`${n}\n`), 0, 2)?.value);
  expect(found).toEqual([undefined, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(familiar.find(bytes(`${'x'.repeat(80)}\n`), 0, 81)).toBeUndefined();
});
