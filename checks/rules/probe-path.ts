import { paths } from '../../relay-src/mx-validator/contract.ts';
import { paths as outbox } from '../../relay-src/outbox/contract.ts';
import { itemName } from '../pod.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Probe, and the paths that it may ask. */
type Probes = Readonly<Record<string, readonly string[]>>;

/** A liveness probe that looks at the next hop restarts a healthy program when its neighbour is down. */
const PROBES: Readonly<Record<string, Probes>> = {
  'mx-validator': {
    startupProbe: [paths.ready, paths.live],
    livenessProbe: [paths.live],
    readinessProbe: [paths.live],
  },
  outbox: {
    startupProbe: [outbox.ready, outbox.live],
    livenessProbe: [outbox.live],
    readinessProbe: [outbox.live],
  },
  mailpit: {
    startupProbe: ['/readyz', '/livez'],
    livenessProbe: ['/livez'],
    readinessProbe: ['/readyz'],
  },
};

export const probePath: Rule = {
  id: 'probe-path',
  reason: 'Without probes a hung container stays in service; with the wrong path a healthy one is restarted.',
  remedy:
    'Give every container startup, liveness and readiness probes, on the paths that the program has for them.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      for (const container of pod.containers) {
        for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
          const probe = container.at(name);
          if (!probe.exists) yield { at: probe, message: `container ${itemName(container)} has no ${name}` };
        }
      }
      for (const [program, probes] of Object.entries(PROBES)) {
        for (const [name, allowed] of Object.entries(probes)) {
          const request = containerOf(pod, program)?.at(name, 'httpGet');
          const path = request?.at('path');
          if (request?.exists === true && path !== undefined && !allowed.includes(path.text ?? '/')) {
            yield { at: path, message: `${program} answers ${name} on ${allowed.join(' or ')}` };
          }
        }
      }
    }
  },
};
