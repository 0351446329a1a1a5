import { expect, it } from '@jest/globals';
import { giveBack } from './give-back.ts';

it('gives back the memory of a whole chunk, and leaves that of others alone', () => {
  const whole = Buffer.alloc(10_000, 'x');
  const { buffer } = whole;
  giveBack(whole);
  expect([whole.length, buffer.byteLength]).toEqual([0, 0]);

  const shared = Buffer.alloc(10_000, 'x');
  const part = shared.subarray(1);
  giveBack(part);
  expect([part.length, shared.length]).toEqual([9999, 10_000]);
});
