import { findPort, portsOf } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import { serviceSelects } from '../selector.ts';
import { namespaceOf } from '../tree.ts';

export const smtpService: Rule = {
  id: 'smtp-service',
  reason: 'Applications know the relay as a host name and port 25.',
  remedy: 'Render a Service that selects the pod, with port 25 and targetPort smtp.',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/service/',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      const reached = tree
        .of('Service')
        .filter((service) => namespaceOf(service) === pod.namespace)
        .filter((service) => serviceSelects(service, pod.labels))
        .flatMap((service) => service.at('spec', 'ports').items())
        .filter((port) => port.at('port').value === 25)
        .some(
          (port) => findPort(portsOf(pod.containers), port.at('targetPort').value ?? 25)?.name === 'smtp',
        );
      if (!reached) {
        yield {
          at: pod.template.at('metadata', 'labels'),
          message: 'no Service leads from port 25 to the port smtp of this pod',
        };
      }
    }
  },
};
