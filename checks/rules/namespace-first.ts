import { dirname } from 'node:path/posix';
import { foldersOf } from '../flux.ts';
import type { Rule } from '../rule.ts';
import { nameOf, namespaceOf } from '../tree.ts';

export const namespaceFirst: Rule = {
  id: 'namespace-first',
  reason:
    'On a new cluster objects are refused as long as their namespace, in another Kustomization, is not there.',
  remedy: 'Let the Kustomization with the objects depend on the one with the Namespace.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies',
  *check(tree) {
    // Elsewhere the Kustomization that makes the namespace often applies the others too.
    if (!tree.complete) return;
    const folders = foldersOf(tree);
    for (const namespace of tree.of('Namespace')) {
      const owner = folders.find(({ folder }) => folder === dirname(namespace.document.file))?.kustomization;
      if (owner === undefined) continue;
      for (const { kustomization, folder } of folders) {
        const lives = tree.roots.some(
          (root) => dirname(root.document.file) === folder && namespaceOf(root) === nameOf(namespace),
        );
        const waits = kustomization
          .at('spec', 'dependsOn')
          .items()
          .some((item) => item.at('name').text === nameOf(owner));
        if (lives && !waits && kustomization !== owner) {
          yield {
            at: kustomization.at('spec', 'dependsOn'),
            message: `it applies objects of the namespace ${nameOf(namespace)}, which ${nameOf(owner)} makes`,
          };
        }
      }
    }
  },
};
