import { objectName } from '../field.ts';
import type { Field } from '../field.ts';
import { monitoredServices } from '../monitor.ts';
import { podsOf } from '../pod.ts';
import type { Problem, Rule } from '../rule.ts';
import { isEmptySelector, selects, serviceSelects } from '../selector.ts';
import { groupKind, nameOf, namespaceOf } from '../tree.ts';

const OWN_PODS = ['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet', 'apps/ReplicaSet'];

/** Objects that select pods of their namespace, and where they say which. */
const SELECTING: Readonly<Record<string, readonly string[]>> = {
  'networking.k8s.io/NetworkPolicy': ['spec', 'podSelector'],
  'policy/PodDisruptionBudget': ['spec', 'selector'],
  'monitoring.coreos.com/PodMonitor': ['spec', 'selector'],
};

const none = (at: Field, what = 'pod') => ({ at, message: `it selects no ${what} of this environment` });

/**
 * Somebody else's tree may select what lies elsewhere. Where a workload (or Service) of the selecting object's own
 * name is beside it, and is not selected, that is most likely a mistake.
 */
function missed(at: Field, object: Field, candidates: readonly Field[], what = 'pods'): Problem | undefined {
  const beside = candidates.find(
    (candidate) =>
      namespaceOf(candidate) === namespaceOf(object) &&
      nameOf(candidate) === nameOf(object) &&
      nameOf(object) !== '',
  );
  return beside === undefined
    ? undefined
    : {
        at,
        message: `it does not select the ${what} of ${objectName(beside.document.manifest)} beside it`,
        severity: 'warning',
      };
}

export const selectorsMatch: Rule = {
  id: 'selectors-match',
  reason:
    'A selector that selects nothing is no error for Kubernetes: the policy or Service just does not work.',
  remedy: 'Use the same label in the selector and on the pods (or, for a ServiceMonitor, on the Service).',
  reference: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
  *check(tree) {
    const pods = podsOf(tree);
    const workloads = pods.map(({ workload }) => workload);
    const report = (at: Field, object: Field): readonly Problem[] => {
      const problem = tree.complete ? none(at) : missed(at, object, workloads);
      return problem === undefined ? [] : [problem];
    };

    for (const pod of pods.filter(({ workload }) => OWN_PODS.includes(groupKind(workload)))) {
      const selector = pod.workload.at('spec', 'selector');
      if (isEmptySelector(selector) || !selects(selector, pod.labels)) {
        yield {
          at: selector,
          message: 'it does not select the pods of its own template; the API server refuses it',
        };
      }
    }
    for (const service of tree.of('Service')) {
      const selector = service.at('spec', 'selector');
      const found = pods.some(
        (pod) => pod.namespace === namespaceOf(service) && serviceSelects(service, pod.labels),
      );
      if (selector.entries().length > 0 && !found) yield* report(selector, service);
    }
    for (const [kind, path] of Object.entries(SELECTING)) {
      for (const object of tree.of(kind)) {
        const selector = object.at(...path);
        if (isEmptySelector(selector)) continue;
        const found = pods.some(
          (pod) => pod.namespace === namespaceOf(object) && selects(selector, pod.labels),
        );
        if (!found) yield* report(selector, object);
      }
    }
    for (const monitor of tree.of('monitoring.coreos.com/ServiceMonitor')) {
      if (monitoredServices(tree, monitor).length > 0) continue;
      const selector = monitor.at('spec', 'selector');
      const problem = tree.complete
        ? none(selector, 'Service')
        : missed(selector, monitor, tree.of('Service'), 'labels');
      if (problem !== undefined) yield problem;
    }
  },
};
