import { objectName } from '../field.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import { groupKind, nameOf, namespaceOf } from '../tree.ts';

/** What the relay is made of; what Flux applies it with has labels of its own, or none. */
const PARTS = [
  'Namespace',
  'apps/Deployment',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Service',
  'networking.k8s.io/NetworkPolicy',
  'monitoring.coreos.com/ServiceMonitor',
  'monitoring.coreos.com/PrometheusRule',
];

export const commonLabels: Rule = {
  id: 'common-labels',
  reason: 'People and tools find all that belongs to the relay by its labels; what lacks one is overlooked.',
  remedy: 'Give every part of the relay the labels of its pod.',
  reference: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/',
  *check(tree) {
    const monitoring = tree.of(
      'monitoring.coreos.com/ServiceMonitor',
      'monitoring.coreos.com/PrometheusRule',
    );
    for (const object of tree.complete ? monitoring : []) {
      for (const other of monitoring) {
        for (const [key, { text }] of other.at('metadata', 'labels').entries()) {
          const label = object.at('metadata', 'labels', key);
          if (label.text !== text) {
            const message = `Prometheus selects by labels: ${objectName(other.document.manifest)} has ${key}: ${text ?? ''}`;
            yield { at: label, message };
          }
        }
      }
    }
    for (const pod of relaysOf(tree)) {
      for (const root of tree.of(...PARTS)) {
        const belongs =
          namespaceOf(root) === pod.namespace ||
          (groupKind(root) === 'Namespace' && nameOf(root) === pod.namespace);
        if (!belongs) continue;
        for (const [key, value] of pod.labels) {
          const label = root.at('metadata', 'labels', key);
          if (label.text !== value)
            yield { at: label, message: `the label ${key} is ${label.text ?? 'missing'}, expected ${value}` };
        }
      }
    }
  },
};
