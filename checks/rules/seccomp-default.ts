import { itemName, podsOf, securityField } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const seccompDefault: Rule = {
  id: 'seccomp-default',
  reason: 'Unconfined containers reach every system call of the kernel.',
  remedy: 'Set seccompProfile: { type: RuntimeDefault } in the pod.',
  reference: 'https://kubernetes.io/docs/tutorials/security/seccomp/',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const container of pod.allContainers) {
        const type = securityField(pod, container, 'seccompProfile', 'type');
        if (type.value !== 'RuntimeDefault' && type.value !== 'Localhost') {
          yield {
            at: type,
            message: `container ${itemName(container)} has the seccomp profile ${type.text ?? 'of the node (often Unconfined)'}`,
          };
        }
      }
    }
  },
};
