import { itemName } from '../pod.ts';
import { programOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const PROGRAMS: readonly string[] = ['mx-validator', 'mailpit', 'outbox', 'smtp2graph'];

export const containerName: Rule = {
  id: 'container-name',
  reason: 'Alerts, dashboards, the handbook and kubectl logs -c know the containers by name.',
  remedy: `Name a container after what it runs: ${PROGRAMS.join(', ')}.`,
  reference: 'https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#Container',
  *check(tree) {
    for (const container of relaysOf(tree).flatMap((pod) => pod.containers)) {
      const program = programOf(container);
      if (PROGRAMS.includes(program) && itemName(container) !== program) {
        yield { at: container.at('name'), message: `it runs ${program} and is named ${itemName(container)}` };
      }
    }
  },
};
