import type { Rule } from '../rule.ts';

const KEY = 'kustomize.toolkit.fluxcd.io/prune';

export const pruneDisabled: Rule = {
  id: 'prune-disabled',
  reason: 'When an object leaves the tree Flux deletes it; a Namespace or a claim takes all mail with it.',
  remedy: `Annotate Namespaces and PersistentVolumeClaims with ${KEY}: disabled.`,
  reference:
    'https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources',
  *check(tree) {
    for (const object of tree.of('Namespace', 'PersistentVolumeClaim')) {
      const annotation = object.at('metadata', 'annotations', KEY);
      if (annotation.value !== 'disabled' && object.at('metadata', 'labels', KEY).value !== 'disabled') {
        yield { at: annotation, message: 'Flux would delete it, with what it holds' };
      }
    }
  },
};
