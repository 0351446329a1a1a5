import { isolating } from '../network.ts';
import { podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const networkDefaultDeny: Rule = {
  id: 'network-default-deny',
  reason: 'A pod that no policy selects in a direction may talk to, or be reached by, everything.',
  remedy: 'Render a NetworkPolicy that selects the pod, with policyTypes Ingress and Egress.',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const direction of ['Ingress', 'Egress'] as const) {
        if (isolating(tree, pod, direction).length === 0) {
          yield {
            at: pod.template.at('metadata', 'labels'),
            message: `no NetworkPolicy selects this pod for ${direction}, so everything is allowed`,
          };
        }
      }
    }
  },
};
