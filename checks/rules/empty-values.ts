import type { Rule } from '../rule.ts';

export const emptyValues: Rule = {
  id: 'empty-values',
  reason: 'An empty text is a value that was forgotten: some programs take it for absent, others for wrong.',
  remedy: 'Say the value, or leave the field out.',
  reference: 'https://kubernetes.io/docs/reference/using-api/api-concepts/',
  *check(tree) {
    if (!tree.complete) return;
    for (const root of tree.roots) {
      for (const field of root.scalars()) {
        // The core group of a rule has an empty name.
        const isGroup = field.path.at(-2) === 'apiGroups';
        if (field.text === '' && !isGroup) yield { at: field, message: 'it is empty' };
      }
    }
  },
};
