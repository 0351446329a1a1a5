import { itemName, podsOf } from '../pod.ts';
import { quantityValue } from '../quantity.ts';
import type { Rule } from '../rule.ts';

export const resourcesExplicit: Rule = {
  id: 'resources-explicit',
  reason:
    'Without requests the scheduler guesses; without a memory limit one large mail takes the node down.',
  remedy: 'Set requests and limits for cpu and memory, from measurements; no request above its limit.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/',
  *check(tree) {
    for (const { allContainers } of podsOf(tree)) {
      for (const container of allContainers) {
        const resources = container.at('resources');
        for (const path of [
          ['requests', 'cpu'],
          ['requests', 'memory'],
          ['limits', 'memory'],
          ['limits', 'cpu'],
        ]) {
          const field = resources.at(...path);
          if (!field.exists) {
            yield { at: field, message: `container ${itemName(container)} has no ${path.join('.')}` };
          }
        }
        for (const [name, request] of resources.at('requests').entries()) {
          const requested = quantityValue(request.value);
          const limit = quantityValue(resources.at('limits', name).value);
          if (requested !== undefined && limit !== undefined && requested > limit) {
            yield {
              at: request,
              message: `the request for ${name} is above the limit; the API server refuses it`,
            };
          }
        }
      }
    }
  },
};
