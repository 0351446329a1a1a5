import type { Rule } from '../rule.ts';
import { nameOf, namespaceOf } from '../tree.ts';

const KIND = 'kustomize.toolkit.fluxcd.io/Kustomization';

export const fluxWait: Rule = {
  id: 'flux-wait',
  reason:
    'A Kustomization is ready as soon as it is applied, and what depends on it starts, unless it waits.',
  remedy: 'Set wait: true (or healthChecks) on a Kustomization that another one depends on.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#wait',
  *check(tree) {
    if (!tree.complete) return;
    for (const root of tree.of(KIND)) {
      for (const item of root.at('spec', 'dependsOn').items()) {
        const target = tree.find(
          KIND,
          item.at('namespace').text ?? namespaceOf(root),
          item.at('name').text ?? '',
        );
        const wait = target?.at('spec', 'wait');
        if (wait !== undefined && wait.value !== true && !target?.at('spec', 'healthChecks').exists) {
          yield {
            at: wait,
            message: `${nameOf(root)} depends on it, and it does not wait for what it applies`,
          };
        }
      }
    }
  },
};
