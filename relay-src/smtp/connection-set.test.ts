import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ConnectionSet } from './connection-set.ts';

describe('ConnectionSet', () => {
  it('holds what a Set holds', () => {
    const member = fc.nat({ max: 9 });
    const step = fc.oneof(
      fc.tuple(fc.constant('add' as const), member),
      fc.tuple(fc.constant('delete' as const), member),
      fc.constant(['clear' as const, 0] as const),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [ours, native] = [new ConnectionSet<number>(), new Set<number>()];
        for (const [action, value] of steps) {
          if (action === 'delete') expect(ours.delete(value)).toBe(native.delete(value));
          else if (action === 'add') ours.add(value);
          else ours.clear();
          if (action === 'add') native.add(value);
          if (action === 'clear') native.clear();
          expect(ours.has(value)).toBe(native.has(value));
          expect(ours.size).toBe(native.size);
          for (const all of [[...ours], [...ours.keys()], [...ours.values()]]) {
            expect(new Set(all)).toEqual(native);
          }
          expect(new Map(ours.entries())).toEqual(new Map(native.entries()));
        }
      }),
    );
  });

  it('visits each member though each is taken away, as closing does', () => {
    const all = new ConnectionSet<string>().add('a').add('b').add('c');
    const seen: string[] = [];
    all.forEach((member) => {
      all.delete(member);
      seen.push(member);
    });
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(all.size).toBe(0);
  });
});
