import { drainSeconds } from '../../relay-src/mx-validator/contract.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const SECONDS = 60;

/** A node that is drained waits so long for each pod. */
const LONGEST = 300;

export const gracePeriod: Rule = {
  id: 'grace-period',
  reason: `mx-validator ends its transactions in up to ${drainSeconds} s, then the last hop ends its own; SIGKILL before that cuts mail.`,
  remedy: `Set terminationGracePeriodSeconds to ${SECONDS} or more, and at most ${LONGEST}.`,
  reference: 'https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination',
  *check(tree) {
    for (const { spec } of relaysOf(tree)) {
      const field = spec.at('terminationGracePeriodSeconds');
      const seconds = field.exists ? field.number : 30;
      if (field.number !== undefined && field.number > LONGEST) {
        yield { at: field, message: `a pod that hangs keeps its claim for ${field.number} s` };
      }
      if (seconds !== undefined && seconds < SECONDS) {
        yield {
          at: field,
          message: `the pod is killed after ${seconds} s${field.exists ? '' : ' (the default)'}`,
        };
      }
    }
  },
};
