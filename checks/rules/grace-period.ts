import { drainSeconds } from '../../relay-src/mx-validator/contract.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const SECONDS = 60;

export const gracePeriod: Rule = {
  id: 'grace-period',
  reason: `mx-validator ends its transactions in up to ${drainSeconds} s, then the last hop ends its own; SIGKILL before that cuts mail.`,
  remedy: `Set terminationGracePeriodSeconds to ${SECONDS} or more.`,
  reference: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
  *check(tree) {
    for (const { spec } of relaysOf(tree)) {
      const field = spec.at('terminationGracePeriodSeconds');
      const seconds = field.exists ? field.number : 30;
      if (seconds !== undefined && seconds < SECONDS) {
        yield {
          at: field,
          message: `the pod is killed after ${seconds} s${field.exists ? '' : ' (the default)'}`,
        };
      }
    }
  },
};
