import { expect, it } from '@jest/globals';
import { turnTime } from './turn-time.ts';

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('stands still for a turn of the event loop, and is right in the next one', async () => {
  await endOfTurn();
  const begin = performance.now();
  const first = turnTime();
  while (performance.now() < begin + 5);
  await Promise.resolve();
  expect(turnTime()).toBe(first);
  await endOfTurn();
  expect(turnTime()).toBeGreaterThanOrEqual(begin + 5);
});
