import { alertsOf } from '../alerts.ts';
import { mailpitsOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Mailpit's own default of MP_MAX_MESSAGES. */
const KEPT = 500;

export const alertThreshold: Rule = {
  id: 'alert-threshold',
  reason: 'Mailpit prunes to MP_MAX_MESSAGES every minute: an alert above that never fires.',
  remedy: 'Alert on mailpit_messages below MP_MAX_MESSAGES, at 90 % of it.',
  reference: 'https://mailpit.axllent.org/docs/configuration/email-storage/',
  *check(tree) {
    const limits = mailpitsOf(tree).map(({ environment }) =>
      Number(environment.get('MP_MAX_MESSAGES')?.text ?? KEPT),
    );
    if (limits.length === 0) return;
    const most = Math.max(...limits);
    for (const alert of alertsOf(tree)) {
      const expression = alert.at('expr');
      const [, digits] = /\bmailpit_messages(?:\{[^}]*\})?\s*>=?\s*(\d+)/.exec(expression.text ?? '') ?? [];
      if (digits !== undefined && Number(digits) >= most) {
        yield { at: expression, message: `more than ${digits} of at most ${most} messages` };
      }
    }
  },
};
