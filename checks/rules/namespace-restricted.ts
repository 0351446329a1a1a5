import { podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

const LABEL = 'pod-security.kubernetes.io/enforce';

/** The other two tell who applies and who audits what enforce will refuse. */
const MODES = ['enforce', 'audit', 'warn'];

export const namespaceRestricted: Rule = {
  id: 'namespace-restricted',
  reason: 'Without the label any pod may run in the namespace, privileged ones too.',
  remedy: `Render the Namespace of every workload, with the label ${LABEL}: restricted, and the same for audit and warn.`,
  reference: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted',
  *check(tree) {
    const seen = new Set<string>();
    for (const { workload, namespace } of podsOf(tree)) {
      if (seen.has(namespace)) continue;
      seen.add(namespace);
      const found = tree.find('Namespace', '', namespace);
      if (found === undefined) {
        if (!tree.complete) continue;
        yield {
          at: workload.at('metadata', 'namespace'),
          message: `the namespace "${namespace}" is not rendered, so nothing says what may run in it`,
        };
      } else {
        for (const mode of MODES) {
          const level = found.at('metadata', 'labels', `pod-security.kubernetes.io/${mode}`);
          if (level.value !== 'restricted') {
            const message = `Pod Security (${mode}) is ${level.text ?? 'not set'}, expected restricted`;
            yield { at: level, message };
          }
        }
      }
    }
  },
};
