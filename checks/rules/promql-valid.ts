import { prometheusRulesOf } from '../alerts.ts';
import { readPromql } from '../promql.ts';
import type { Rule } from '../rule.ts';

/** Placeholders that Grafana, Helm or Flux fill in. */
const TEMPLATE = /\$\{|\{\{|\[\[|\$__|\$[a-z]/;

export const promqlValid: Rule = {
  id: 'promql-valid',
  reason: 'Prometheus leaves out a whole file of rules when one expression in it cannot be read.',
  remedy: 'Correct the expression; promtool check rules shows the place.',
  reference: 'https://prometheus.io/docs/prometheus/latest/querying/basics/',
  *check(tree) {
    for (const rule of prometheusRulesOf(tree)) {
      const expression = rule.at('expr');
      const text = expression.exists ? String(expression.value) : undefined;
      if (text === undefined || (!tree.complete && TEMPLATE.test(text))) continue;
      const { problem } = readPromql(text);
      if (problem !== undefined) yield { at: expression, message: problem };
    }
  },
};
