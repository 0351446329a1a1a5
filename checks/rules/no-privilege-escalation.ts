import { itemName, podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const noPrivilegeEscalation: Rule = {
  id: 'no-privilege-escalation',
  reason: 'A setuid program or file capability in the image gives back what the other settings took.',
  remedy: 'Set allowPrivilegeEscalation: false.',
  reference: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const container of pod.allContainers) {
        const field = container.at('securityContext', 'allowPrivilegeEscalation');
        if (field.value !== false) {
          yield { at: field, message: `container ${itemName(container)} may gain privileges` };
        }
      }
    }
  },
};
