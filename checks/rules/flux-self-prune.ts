import { dirname } from 'node:path/posix';
import { foldersOf } from '../flux.ts';
import type { Rule } from '../rule.ts';

export const fluxSelfPrune: Rule = {
  id: 'flux-self-prune',
  reason:
    'A Kustomization that applies and prunes the folder it lies in deletes itself, and then all it applied.',
  remedy: 'Set prune: false on the Kustomization that keeps its own folder applied, and true on all others.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#prune',
  *check(tree) {
    // Flux's own bootstrap does it, with the source in the same folder.
    if (!tree.complete) return;
    for (const { kustomization, folder } of foldersOf(tree)) {
      const prune = kustomization.at('spec', 'prune');
      if (dirname(kustomization.document.file) === folder && prune.value === true) {
        yield { at: prune, message: `it lies in ${folder}, the folder that it prunes` };
      }
      if (dirname(kustomization.document.file) !== folder && prune.value !== true) {
        yield { at: prune, message: `what is removed from ${folder} goes on running` };
      }
    }
  },
};
