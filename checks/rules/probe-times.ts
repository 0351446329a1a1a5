import { itemName } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Seconds until a probe has its effect (period times failures), and the longest that one attempt may take. */
const PROBES: Readonly<Record<string, { readonly least: number; readonly most: number }>> = {
  startupProbe: { least: 60, most: 900 },
  livenessProbe: { least: 15, most: 180 },
  readinessProbe: { least: 10, most: 90 },
};

const LONGEST_ATTEMPT = 10;

export const probeTimes: Rule = {
  id: 'probe-times',
  reason:
    'A probe that gives up too soon restarts what is only busy; one that waits too long leaves it hanging.',
  remedy: `Let periodSeconds times failureThreshold be ${Object.entries(PROBES)
    .map(([name, { least, most }]) => `${least} to ${most} s (${name})`)
    .join(', ')}, and an attempt take ${LONGEST_ATTEMPT} s or less.`,
  reference: 'https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/',
  *check(tree) {
    for (const container of relaysOf(tree).flatMap((pod) => pod.containers)) {
      for (const [name, { least, most }] of Object.entries(PROBES)) {
        const probe = container.at(name);
        if (!probe.exists) continue;
        // The API's defaults.
        const seconds = (probe.at('periodSeconds').number ?? 10) * (probe.at('failureThreshold').number ?? 3);
        if (seconds < least || seconds > most) {
          yield {
            at: probe,
            message: `${name} of ${itemName(container)} takes ${seconds} s, expected ${least} to ${most}`,
          };
        }
        const attempt = probe.at('timeoutSeconds');
        if ((attempt.number ?? 1) > LONGEST_ATTEMPT) {
          yield { at: attempt, message: `an attempt of ${attempt.number} s is a hung program` };
        }
      }
    }
  },
};
