import { dirname } from 'node:path/posix';
import { foldersOf } from '../flux.ts';
import type { Rule } from '../rule.ts';
import { nameOf } from '../tree.ts';

export const fluxForce: Rule = {
  id: 'flux-force',
  reason: 'With force Flux deletes and makes anew what it cannot change: a claim, with all mail in it.',
  remedy: 'Leave force off where a folder holds claims or Namespaces; change immutable fields by hand.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#force',
  *check(tree) {
    const kept = tree.of('PersistentVolumeClaim', 'Namespace');
    for (const { kustomization, folder } of foldersOf(tree)) {
      const force = kustomization.at('spec', 'force');
      const found = kept.find((root) => dirname(root.document.file) === folder);
      if (force.value === true && found !== undefined) {
        yield {
          at: force,
          message: `it would replace ${found.document.manifest.kind} ${nameOf(found)}`,
          severity: tree.doubt,
        };
      } else if (force.value === true && tree.complete) {
        yield { at: force, message: 'a claim that is added here one day would be replaced with its mail' };
      }
    }
  },
};
