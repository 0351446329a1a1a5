import type { Rule } from '../rule.ts';
import { groupKind, nameOf, namespaceOf } from '../tree.ts';

export const uniqueObjects: Rule = {
  id: 'unique-objects',
  reason: 'An object that is rendered twice is applied twice, and the two copies fight.',
  remedy: 'Render each object once, in the folder of the Kustomization that owns it.',
  reference: 'https://fluxcd.io/flux/faq/#how-can-i-safely-move-resources-from-one-dir-to-another',
  *check(tree) {
    const files = new Map<string, string>();
    for (const root of tree.roots) {
      if (nameOf(root) === '') continue;
      const key = `${groupKind(root)} ${namespaceOf(root)}/${nameOf(root)}`;
      const other = files.get(key);
      if (other !== undefined) yield { at: root.at('metadata', 'name'), message: `it is also in ${other}` };
      files.set(key, root.document.file);
    }
  },
};
