import { expect, it } from '@jest/globals';

import { Undo } from './undo.ts';

it('undoes everything in the reverse order, and goes on after a failure', async () => {
  const undo = new Undo();
  const done: string[] = [];
  undo.add('first', async () => void done.push('first'));
  undo.add('second', () => Promise.reject(new Error('busy')));
  undo.add('third', async () => void done.push('third'));
  expect(await undo.run()).toEqual(['second: busy']);
  expect(done).toEqual(['third', 'first']);
  expect(await undo.run()).toEqual([]);
});
