import type { Field } from '../field.ts';
import { findPort, itemName, podsOf, portsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

const HANDLERS = ['httpGet', 'tcpSocket', 'grpc', 'exec', 'sleep'];

function placesOf(container: Field): readonly Field[] {
  return [
    container.at('livenessProbe'),
    container.at('readinessProbe'),
    container.at('startupProbe'),
    container.at('lifecycle', 'postStart'),
    container.at('lifecycle', 'preStop'),
  ].filter((place) => place.exists);
}

export const probePort: Rule = {
  id: 'probe-port',
  reason: 'A probe on a port that the container does not have restarts it for ever, or never makes it ready.',
  remedy: 'Probe a named port that this container declares; use exec for a port on loopback.',
  reference:
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
  *check(tree) {
    for (const { allContainers } of podsOf(tree)) {
      for (const container of allContainers) {
        const declared = portsOf([container]);
        for (const place of placesOf(container)) {
          const handlers = HANDLERS.map((name) => place.at(name)).filter((field) => field.exists);
          if (handlers.length !== 1) {
            yield { at: place, message: `expected one of ${HANDLERS.join(', ')}, found ${handlers.length}` };
          }
          for (const handler of handlers) {
            const port = handler.at('port');
            // A numbered port works undeclared; in our own pods each one is declared.
            const isNumber = /^\d+$/.test(String(port.value));
            const unsure = isNumber && (declared.length === 0 || !tree.complete);
            if (port.exists && !unsure && findPort(declared, port.value) === undefined) {
              yield {
                at: port,
                message: `container ${itemName(container)} has no port ${String(port.value)}`,
              };
            }
          }
        }
      }
    }
  },
};
