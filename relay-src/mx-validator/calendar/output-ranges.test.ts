import { expect, it } from '@jest/globals';
import { OutputRanges } from './output-ranges.ts';

it('joins neighbours, keeps gaps, and passes a whole buffer on as it is', () => {
  const chunk = Buffer.from('abcdef');
  const other = Buffer.from('X');
  const output = new OutputRanges();
  output.add(chunk, 0, 2);
  output.add(chunk, 2, 3);
  output.add(chunk, 4, 5);
  output.add(chunk, 5, 5);
  output.add(other);
  expect(output.take().map(String)).toEqual(['abc', 'e', 'X']);
  expect(output.take()).toEqual([]);
  output.add(chunk, 0, 3);
  output.add(chunk, 3);
  expect(output.take()[0]).toBe(chunk);
});
