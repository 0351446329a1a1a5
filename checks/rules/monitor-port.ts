import { monitoredServices } from '../monitor.ts';
import type { Rule } from '../rule.ts';

export const monitorPort: Rule = {
  id: 'monitor-port',
  reason:
    "A ServiceMonitor names a port of the Service; a container's name or a number there scrapes nothing.",
  remedy: 'Use the name of a port of the Service.',
  reference: 'https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Endpoint',
  *check(tree) {
    for (const monitor of tree.of('monitoring.coreos.com/ServiceMonitor')) {
      const services = monitoredServices(tree, monitor);
      if (services.length === 0) continue;
      const names = services
        .flatMap((service) => service.at('spec', 'ports').items())
        .map((port) => port.at('name').value);
      for (const endpoint of monitor.at('spec', 'endpoints').items()) {
        const port = endpoint.at('port');
        if (port.exists && !names.includes(port.value)) {
          yield {
            at: port,
            message: `the Service has no port named "${String(port.value)}"; it has ${names.join(', ')}`,
            severity: tree.doubt,
          };
        }
      }
    }
  },
};
