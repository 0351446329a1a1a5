import { itemName, podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const readOnlyRoot: Rule = {
  id: 'read-only-root',
  reason: 'A writable image lets an intruder change the program, and hides state that dies with the pod.',
  remedy: 'Set readOnlyRootFilesystem: true and mount a volume where the program must write.',
  reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const container of pod.allContainers) {
        const field = container.at('securityContext', 'readOnlyRootFilesystem');
        if (field.value !== true) {
          yield { at: field, message: `container ${itemName(container)} can write to its own image` };
        }
      }
    }
  },
};
