import { prometheusRulesOf } from '../alerts.ts';
import { missingFrom } from '../exported-metrics.ts';
import { portsOf } from '../pod.ts';
import { readPromql } from '../promql.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';
import { nameOf } from '../tree.ts';

/** Values that Prometheus gives to a label of what the ServiceMonitors of this tree scrape. */
function knownLabels(tree: Tree): ReadonlyMap<string, ReadonlySet<string>> {
  const relays = relaysOf(tree);
  return new Map([
    ['namespace', new Set(relays.map(({ namespace }) => namespace))],
    ['job', new Set(tree.of('Service').map(nameOf))],
    [
      'endpoint',
      new Set(portsOf(relays.flatMap(({ containers }) => containers)).flatMap(({ name }) => name ?? [])),
    ],
  ]);
}

export const metricExported: Rule = {
  id: 'metric-exported',
  reason: 'An alert on a metric or label that nobody exports never fires, and nobody notices.',
  remedy: "Use metrics of the program's contract, and the namespace, Service and port that it is scraped by.",
  reference: 'https://prometheus.io/docs/practices/alerting/',
  *check(tree) {
    if (relaysOf(tree).length === 0) return;
    const known = knownLabels(tree);
    for (const rule of prometheusRulesOf(tree)) {
      const expression = rule.at('expr');
      for (const { metric, labels } of readPromql(expression.text ?? '').selectors) {
        const program = metric === undefined ? undefined : missingFrom(metric);
        if (program !== undefined)
          yield { at: expression, message: `${program} exports no metric ${metric}` };
        for (const [label, value] of labels) {
          const values = known.get(label);
          if (values !== undefined && !values.has(value)) {
            yield {
              at: expression,
              message: `no series here has ${label}="${value}"; there is ${[...values].join(', ')}`,
            };
          }
        }
      }
    }
  },
};
