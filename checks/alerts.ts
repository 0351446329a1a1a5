import type { Field } from './field.ts';
import { oncePerTree } from './tree.ts';

/** All rules of all PrometheusRules: alerts and recordings. */
export const prometheusRulesOf = oncePerTree((tree): readonly Field[] =>
  tree
    .of('monitoring.coreos.com/PrometheusRule')
    .flatMap((root) => root.at('spec', 'groups').items())
    .flatMap((group) => group.at('rules').items()),
);

/** The alerts among them. */
export const alertsOf = oncePerTree((tree): readonly Field[] =>
  prometheusRulesOf(tree).filter((rule) => rule.at('alert').exists),
);

/** Everything that an alert tells people, as one text. */
export function textOf(alert: Field): string {
  return ['summary', 'description', 'message']
    .map((key) => alert.at('annotations', key).text ?? '')
    .join('\n');
}
