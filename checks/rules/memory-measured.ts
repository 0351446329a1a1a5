import { quantityValue } from '../quantity.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** What each program needs at its busiest with messages of 2 MiB, measured (docs/performance.md). */
const LEAST: Readonly<Record<string, string>> = {
  'mx-validator': '128Mi',
  mailpit: '384Mi',
  outbox: '256Mi',
  smtp2graph: '192Mi',
};

export const memoryMeasured: Rule = {
  id: 'memory-measured',
  reason: 'A limit below what the program needs is an out-of-memory kill in the middle of a mail.',
  remedy: `Set limits.memory to at least ${Object.entries(LEAST)
    .map(([program, least]) => `${least} for ${program}`)
    .join(', ')}.`,
  reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      for (const [program, least] of Object.entries(LEAST)) {
        const limit = containerOf(pod, program)?.at('resources', 'limits', 'memory');
        const bytes = quantityValue(limit?.value);
        if (limit !== undefined && bytes !== undefined && bytes < (quantityValue(least) ?? 0)) {
          yield {
            at: limit,
            message: `${String(limit.value)} is less than the ${least} that ${program} was seen to need`,
          };
        }
      }
    }
  },
};
