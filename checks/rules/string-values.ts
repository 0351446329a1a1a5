import type { Field } from '../field.ts';
import { itemName, podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

/** Maps whose values the API wants as strings, on any object. */
const MAPS = [
  ['metadata', 'labels'],
  ['metadata', 'annotations'],
];

export const stringValues: Rule = {
  id: 'string-values',
  reason: 'A bare 25 or true in YAML is no string, and the API server refuses it.',
  remedy: 'Quote the value; set each variable once.',
  reference:
    'https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables',
  *check(tree) {
    const maps: Field[] = [];
    for (const root of tree.roots) maps.push(...MAPS.map((path) => root.at(...path)));
    for (const config of tree.of('ConfigMap')) maps.push(config.at('data'));
    for (const pod of podsOf(tree)) {
      maps.push(...MAPS.map((path) => pod.template.at(...path)));
      for (const container of pod.allContainers) {
        const names = new Set<string>();
        for (const entry of container.at('env').items()) {
          const value = entry.at('value');
          if (value.exists && value.text === undefined) {
            yield {
              at: value,
              message: `${itemName(entry)} is ${JSON.stringify(value.value)}, not a string`,
            };
          }
          if (!value.exists && !entry.at('valueFrom').exists) {
            yield {
              at: entry,
              message: `${itemName(entry)} has no value, so it is empty`,
              severity: 'warning',
            };
          }
          if (names.has(itemName(entry))) {
            const message = `${itemName(entry)} is set twice; the last one wins`;
            yield { at: entry, message, severity: tree.doubt };
          }
          names.add(itemName(entry));
        }
        for (const item of [...container.at('command').items(), ...container.at('args').items()]) {
          if (item.text === undefined)
            yield { at: item, message: `${JSON.stringify(item.value)} is not a string` };
        }
      }
    }
    for (const [key, value] of maps.flatMap((map) => map.entries())) {
      if (value.text === undefined && (value.exists || tree.complete))
        yield { at: value, message: `${key} is ${JSON.stringify(value.value)}, not a string` };
    }
  },
};
