import { itemName, podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const dropAllCapabilities: Rule = {
  id: 'drop-all-capabilities',
  reason: 'A relay that listens on a high port needs no capability at all.',
  remedy: 'Set capabilities: { drop: [ALL] } and add none; listen on a port above 1023.',
  reference: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const container of pod.allContainers) {
        const capabilities = container.at('securityContext', 'capabilities');
        if (
          !capabilities
            .at('drop')
            .items()
            .some((item) => item.value === 'ALL')
        ) {
          yield {
            at: capabilities.at('drop'),
            message: `container ${itemName(container)} does not drop ALL capabilities`,
          };
        }
        for (const added of capabilities.at('add').items()) {
          yield { at: added, message: `container ${itemName(container)} adds ${String(added.value)}` };
        }
      }
    }
  },
};
