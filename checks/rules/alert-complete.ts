import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

function* missing(alert: Field) {
  for (const path of [
    ['labels', 'severity'],
    ['annotations', 'summary'],
    ['annotations', 'description'],
  ]) {
    const field = alert.at(...path);
    if (!field.exists)
      yield { at: field, message: `alert ${alert.at('alert').text} has no ${path.join('.')}` };
  }
}

/** What the routes of most Alertmanagers know. */
const SEVERITIES: readonly string[] = ['critical', 'warning', 'info'];

/** Minutes after which mail that waits has been missed by somebody. */
const LONGEST_WAIT = 30;

export const alertComplete: Rule = {
  id: 'alert-complete',
  reason: 'An alert without words or severity wakes the wrong person, who then does not know what to do.',
  remedy: `Give each alert a severity, a summary and a description, and let it wait ${LONGEST_WAIT} minutes at most.`,
  reference: 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/',
  *check(tree) {
    for (const root of tree.of('monitoring.coreos.com/PrometheusRule')) {
      const groups = root.at('spec', 'groups').items();
      for (const rule of groups.flatMap((group) => group.at('rules').items())) {
        if (rule.at('alert').exists === rule.at('record').exists) {
          yield { at: rule, message: 'expected either alert or record' };
        }
        if (!rule.at('alert').exists) continue;
        yield* missing(rule);
        const wait = rule.at('for');
        const [, digits, unit] = /^(\d+)([mhd])$/.exec(wait.text ?? '') ?? [];
        if (digits !== undefined && (unit !== 'm' || Number(digits) > LONGEST_WAIT)) {
          yield { at: wait, message: `nobody is told before ${wait.text} have passed` };
        }
        const severity = rule.at('labels', 'severity');
        if (severity.text !== undefined && !SEVERITIES.includes(severity.text)) {
          yield {
            at: severity,
            message: `nobody is told of ${severity.text}; there is ${SEVERITIES.join(', ')}`,
          };
        }
      }
    }
  },
};
