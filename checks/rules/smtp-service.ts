import { allowing, openedPort } from '../network.ts';
import { findPort, portsOf } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import { serviceSelects } from '../selector.ts';
import { namespaceOf } from '../tree.ts';

export const smtpService: Rule = {
  id: 'smtp-service',
  reason:
    'Applications know the relay as a host name and port 25; other ports are found through the Service too.',
  remedy:
    'Render a Service that selects the pod, with port 25 to smtp and each port that a NetworkPolicy opens.',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/service/',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      const led = tree
        .of('Service')
        .filter((service) => namespaceOf(service) === pod.namespace)
        .filter((service) => serviceSelects(service, pod.labels))
        .flatMap((service) => service.at('spec', 'ports').items())
        .map((port) => ({
          port,
          target: findPort(portsOf(pod.containers), port.at('targetPort').value ?? port.at('port').value),
        }));
      const reached = led.some(({ port, target }) => port.at('port').value === 25 && target?.name === 'smtp');
      for (const { port, target } of led) {
        const number = port.at('port');
        const name = port.at('name');
        if (name.exists && target?.name !== undefined && name.value !== target.name) {
          yield {
            at: name,
            message: `it leads to ${target.name}: alerts and monitors know the port by that name`,
          };
        }
        if (number.value !== 25 && target !== undefined && number.value !== target.number) {
          yield {
            at: number,
            message: `it leads to ${target.number}: only the port for mail has two numbers`,
          };
        }
      }
      for (const rule of allowing(tree, pod, 'Ingress')) {
        for (const entry of rule.ports.items()) {
          const opened = openedPort(pod, entry);
          if (opened !== undefined && !led.some(({ target }) => target?.field.value === opened.field.value)) {
            yield {
              at: entry,
              message: `it opens ${opened.name ?? opened.number}, to which no Service leads`,
            };
          }
        }
      }
      if (!reached) {
        yield {
          at: pod.template.at('metadata', 'labels'),
          message: 'no Service leads from port 25 to the port smtp of this pod',
        };
      }
    }
  },
};
