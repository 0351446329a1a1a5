import { drainSeconds } from '../../relay-src/mx-validator/contract.ts';
import { containerOf, mailpitsOf, relays } from '../relay.ts';
import type { Rule } from '../rule.ts';

export const mailpitPrestop: Rule = {
  id: 'mailpit-prestop',
  reason: 'Mailpit dies 0.3 s after SIGTERM, while mx-validator still ends transactions through it.',
  remedy: `Give Mailpit a preStop sleep of at least ${drainSeconds} s, and less than the grace period.`,
  reference: 'https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/',
  *check(tree) {
    for (const mailpit of mailpitsOf(tree)) {
      const { pod, container } = mailpit;
      if (!relays(mailpit) || containerOf(pod, 'mx-validator') === undefined) continue;
      const hook = container.at('lifecycle', 'preStop');
      if (hook.entries().length === 0) {
        yield { at: hook, message: 'Mailpit stops at once, before mx-validator has ended its transactions' };
        continue;
      }
      const sleep = hook.at('sleep', 'seconds');
      if (sleep.number === undefined) continue;
      const grace = pod.spec.at('terminationGracePeriodSeconds').number ?? 30;
      if (sleep.number < drainSeconds) {
        yield {
          at: sleep,
          message: `${sleep.number} s is less than the ${drainSeconds} s that mx-validator may take`,
        };
      } else if (sleep.number >= grace) {
        yield { at: sleep, message: `${sleep.number} s is not less than the grace period of ${grace} s` };
      }
    }
  },
};
