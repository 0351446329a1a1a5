import { expect, it } from '@jest/globals';
import { createVerdictCache } from './cache.ts';

it('the last verdict counts, and an older one does not come back when it ends', () => {
  let time = 0;
  const limits = {
    maxEntries: 9,
    maxGoodSeconds: 9,
    maxRefusedSeconds: 99,
    failureSeconds: 9,
    staleSeconds: 9,
  };
  const cache = createVerdictCache(limits, () => time);
  cache.put('d.example', { kind: 'null-mx' }, 99);
  cache.put('d.example', { kind: 'deliverable' }, 9);
  time = 10_000;
  expect(cache.get('d.example')).toEqual({ verdict: { kind: 'deliverable' }, state: 'expired' });
  cache.put('d.example', { kind: 'null-mx' }, 99);
  time = 200_000;
  expect(cache.get('d.example')).toBeUndefined();
});
