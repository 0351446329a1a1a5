import { paths } from '../../relay-src/mx-validator/contract.ts';
import { findPort, portsOf } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';
import { monitoredServices } from '../monitor.ts';

export const metricsScraped: Rule = {
  id: 'metrics-scraped',
  reason: 'An alert on a metric that nobody scrapes never fires.',
  remedy: 'Give the Service a port, and the ServiceMonitor an endpoint, for each *-metrics port of the pod.',
  reference: 'https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Endpoint',
  *check(tree) {
    const monitors = tree.of('monitoring.coreos.com/ServiceMonitor');
    if (monitors.length === 0) return;
    for (const endpoint of relaysOf(tree).length > 0
      ? monitors.flatMap((monitor) => monitor.at('spec', 'endpoints').items())
      : []) {
      const path = endpoint.at('path');
      if (path.exists && path.value !== paths.metrics) {
        yield { at: path, message: `the programs of the relay export on ${paths.metrics}` };
      }
    }
    for (const pod of relaysOf(tree)) {
      const ports = portsOf(pod.containers);
      const scraped = new Set(
        monitors.flatMap((monitor) =>
          monitoredServices(tree, monitor).flatMap((service) =>
            monitor
              .at('spec', 'endpoints')
              .items()
              .map((endpoint) =>
                service
                  .at('spec', 'ports')
                  .items()
                  .find((port) => port.at('name').value === endpoint.at('port').value),
              )
              .map((port) => findPort(ports, port?.at('targetPort').value ?? port?.at('port').value)?.name),
          ),
        ),
      );
      for (const port of ports) {
        if (port.name?.endsWith('-metrics') === true && !scraped.has(port.name)) {
          yield { at: port.field, message: `no ServiceMonitor scrapes ${port.name}` };
        }
      }
    }
  },
};
