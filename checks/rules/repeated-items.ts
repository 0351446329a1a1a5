import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

/** Words of a command line may well repeat. */
const WORDS = new Set(['command']);

function* repeated(field: Field): Generator<Field> {
  const seen = new Set<string>();
  for (const item of field.items()) {
    const text = JSON.stringify(item.value);
    if (seen.has(text)) yield item;
    seen.add(text);
    yield* repeated(item);
  }
  for (const [key, below] of field.entries()) if (!WORDS.has(key)) yield* repeated(below);
}

export const repeatedItems: Rule = {
  id: 'repeated-items',
  reason: 'What is said twice in one list was meant to be something else the second time, or is refused.',
  remedy: 'Say it once, or say what was meant.',
  reference: 'https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy',
  *check(tree) {
    if (!tree.complete) return;
    for (const root of tree.roots) {
      for (const item of repeated(root)) yield { at: item, message: 'the list has it before' };
    }
  },
};
