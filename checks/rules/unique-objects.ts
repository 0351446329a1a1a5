import type { Rule } from '../rule.ts';
import { groupKind, nameOf, namespaceOf } from '../tree.ts';

export const uniqueObjects: Rule = {
  id: 'unique-objects',
  reason: 'An object that is rendered twice is applied twice, and the two copies fight.',
  remedy: 'Render each object once, in the folder of the Kustomization that owns it.',
  reference: 'https://fluxcd.io/flux/faq/#how-can-i-safely-move-resources-from-one-dir-to-another',
  *check(tree) {
    // Plain folders of somebody else hold variants of one object; kustomize refuses two in one build.
    const indexes = tree.of('kustomize.config.k8s.io/Kustomization');
    const renamed = indexes.some((index) => index.at('namePrefix').exists || index.at('nameSuffix').exists);
    const built = indexes.length > 0 && !renamed;
    const files = new Map<string, string>();
    for (const root of tree.roots) {
      if (nameOf(root) === '') continue;
      const key = `${groupKind(root)} ${namespaceOf(root)}/${nameOf(root)}`;
      const other = files.get(key);
      const surely = tree.complete || built;
      if (other !== undefined && surely)
        yield { at: root.at('metadata', 'name'), message: `it is also in ${other}` };
      files.set(key, root.document.file);
    }
  },
};
