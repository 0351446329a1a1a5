import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Window, type Load } from './limits.ts';

const one: Load = { recipients: 1, octets: 1 };
const perMinute = { name: 'messages', most: 30, seconds: 60, of: () => 1 };

it('lets a burst go, then waits until the window has moved on', () => {
  const window = new Window(perMinute);
  for (let n = 0; n < 30; n += 1) {
    expect(window.earliest(500, one)).toBe(500);
    window.use(500, one);
  }
  expect(window.earliest(500, one)).toBe(61_000);
  expect(window.earliest(61_000, one)).toBe(61_000);
});

it('lets something larger than the whole window go when nothing else does', () => {
  const window = new Window({ name: 'octets', most: 10, seconds: 60, of: (load) => load.octets });
  window.use(0, one);
  expect(window.earliest(0, { recipients: 1, octets: 99 })).toBe(61_000);
});

it('no span of its length ever holds more than it allows, and none waits for ever', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { maxLength: 200 }), (pauses) => {
      const window = new Window(perMinute);
      const times: number[] = [];
      let now = 0;
      for (const pause of pauses) {
        now = window.earliest(now + pause, one);
        window.use(now, one);
        times.push(now);
      }
      for (const [index, time] of times.entries()) {
        const thirtyBefore = times[index - 30];
        if (thirtyBefore === undefined) continue;
        expect(time - thirtyBefore).toBeGreaterThanOrEqual(60_000);
      }
      expect(now).toBeLessThanOrEqual(
        pauses.reduce((sum, pause) => sum + pause, 0) + 61_000 * Math.ceil(pauses.length / 30),
      );
    }),
  );
});
