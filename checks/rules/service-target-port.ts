import { findPort, podsOf, portsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';
import { serviceSelects } from '../selector.ts';
import { namespaceOf } from '../tree.ts';

export const serviceTargetPort: Rule = {
  id: 'service-target-port',
  reason: 'A Service to a port where nobody listens refuses every connection, and nothing says why.',
  remedy: 'Name the container port, and use that name as targetPort.',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports',
  *check(tree) {
    for (const service of tree.of('Service')) {
      const ports = service.at('spec', 'ports').items();
      const names = new Set<string>();
      for (const port of ports) {
        const name = port.at('name').text;
        if (name === undefined && ports.length > 1) {
          yield { at: port.at('name'), message: 'each port needs a name where there are several' };
        }
        if (name !== undefined && names.has(name))
          yield { at: port.at('name'), message: `two ports are named ${name}` };
        names.add(name ?? '');
      }
      const pods = podsOf(tree).filter(
        (pod) => pod.namespace === namespaceOf(service) && serviceSelects(service, pod.labels),
      );
      const declared = portsOf(pods.flatMap(({ containers }) => containers));
      for (const port of pods.length > 0 ? ports : []) {
        const target = port.at('targetPort').exists ? port.at('targetPort') : port.at('port');
        const isDeclared = findPort(declared, target.value, port.at('protocol').text ?? 'TCP') !== undefined;
        // A pod that declares no ports at all may still listen on a numbered one.
        if (!isDeclared && (target.text !== undefined || declared.length > 0)) {
          yield {
            at: target,
            message: `the pod declares no port ${String(target.value)}; it has ${declared.map(({ name, number }) => name ?? number).join(', ') || 'none'}`,
            severity: target.text === undefined ? tree.doubt : 'error',
          };
        }
      }
    }
  },
};
