import { metrics as mxValidator } from '../../relay-src/mx-validator/contract.ts';
import { metrics as outbox } from '../../relay-src/outbox/contract.ts';
import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

const OURS = /\b(?:mx_validator|outbox)_[a-z0-9_]+\b/g;

const KNOWN: ReadonlySet<string> = new Set(Object.keys({ ...mxValidator, ...outbox }));

/** Metrics of a histogram carry a suffix that its name has not. */
function isKnown(name: string): boolean {
  return KNOWN.has(name) || KNOWN.has(name.replace(/_(bucket|sum|count)$/, ''));
}

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

export const alertComplete: Rule = {
  id: 'alert-complete',
  reason:
    'An alert on a metric that does not exist never fires, and one without words or severity wakes the wrong person.',
  remedy: "Use metrics of the program's contract; give each alert a severity, a summary and a description.",
  reference: 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/',
  *check(tree) {
    for (const root of tree.of('monitoring.coreos.com/PrometheusRule')) {
      const groups = root.at('spec', 'groups').items();
      for (const rule of groups.flatMap((group) => group.at('rules').items())) {
        if (rule.at('alert').exists === rule.at('record').exists) {
          yield { at: rule, message: 'expected either alert or record' };
        }
        if (rule.at('alert').exists) yield* missing(rule);
        const expression = rule.at('expr');
        for (const [name] of expression.text?.matchAll(OURS) ?? []) {
          if (!isKnown(name))
            yield { at: expression, message: `none of our programs exports a metric ${name}` };
        }
      }
    }
  },
};
