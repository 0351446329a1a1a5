import { itemName, podsOf, securityField } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const runAsNonRoot: Rule = {
  id: 'run-as-non-root',
  reason: 'Root in a container is root on the node after one kernel bug.',
  remedy: 'Set runAsNonRoot: true and a numeric runAsUser above 0, in the pod or the container.',
  reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const container of pod.allContainers) {
        const flag = securityField(pod, container, 'runAsNonRoot');
        if (flag.value !== true) {
          yield { at: flag, message: `container ${itemName(container)} may run as root` };
        }
        const user = securityField(pod, container, 'runAsUser');
        if (user.number === undefined || user.number === 0) {
          yield {
            at: user,
            message: `container ${itemName(container)} has ${user.exists ? 'user 0' : 'no numeric user'}; the kubelet cannot tell that a name like "node" is not root`,
          };
        }
      }
    }
  },
};
