import { expect, it } from '@jest/globals';

import { address, overlap } from './networks.ts';

it.each([
  ['10.201.0.0/24', '10.0.0.0/8', true],
  ['10.201.0.0/24', '10.201.0.7', true],
  ['10.201.0.0/24', '10.202.0.0/24', false],
  ['192.88.99.0/27', '192.88.99.32/27', false],
])('%s and %s share addresses: %s', (a, b, shared) => {
  expect(overlap(a, b)).toBe(shared);
});

it('counts addresses from the beginning of a range', () => {
  expect(address('192.88.99.32/27', 10)).toBe('192.88.99.42');
});
