import { isolating } from '../network.ts';
import { podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';
import { isEmptySelector } from '../selector.ts';

export const networkDefaultDeny: Rule = {
  id: 'network-default-deny',
  reason: 'A pod that no policy selects in a direction may talk to, or be reached by, everything.',
  remedy: 'Render a NetworkPolicy with podSelector: {} and policyTypes Ingress and Egress, and no rules.',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies',
  *check(tree) {
    const seen = new Set<string>();
    for (const pod of podsOf(tree)) {
      if (seen.has(pod.namespace)) continue;
      seen.add(pod.namespace);
      for (const direction of ['Ingress', 'Egress'] as const) {
        const policies = isolating(tree, pod, direction);
        if (!policies.some((policy) => isEmptySelector(policy.at('spec', 'podSelector')))) {
          yield {
            at: pod.workload.at('metadata', 'namespace'),
            message: `no NetworkPolicy closes the namespace for ${direction}: a pod that none selects is open`,
          };
        }
      }
    }
  },
};
