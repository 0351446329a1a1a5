import { allowing, openedPort, protocolOf } from '../network.ts';
import type { FlowRule } from '../network.ts';
import { portsOf } from '../pod.ts';
import type { ContainerPort } from '../pod.ts';
import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Ports that only certain peers may reach; anything else in the pod is not for others. */
function audience({ name }: ContainerPort): string | undefined {
  if (name === 'smtp') return 'senders';
  if (name === 'http') return 'readers of the UI';
  return name?.endsWith('-metrics') === true ? 'Prometheus' : undefined;
}

const ports = (rules: readonly FlowRule[]) => rules.flatMap((rule) => rule.ports.items());

export const mailFlows: Rule = {
  id: 'mail-flows',
  reason:
    'Default deny turns a forgotten arrow into mail that nobody can send, and a wide one into an open door.',
  remedy:
    'One rule per arrow: senders to smtp, Prometheus to *-metrics, readers to http, the pod to DNS and to its last hop.',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  *check(tree) {
    const scraped = tree.of('monitoring.coreos.com/ServiceMonitor').length > 0;
    for (const pod of relaysOf(tree)) {
      const ingress = allowing(tree, pod, 'Ingress');
      const opened = new Set(ports(ingress).map((port) => openedPort(pod, port)?.field.value));
      for (const port of portsOf(pod.containers)) {
        const who = audience(port);
        const wanted = who === 'senders' || (who === 'Prometheus' && scraped);
        if (wanted && !opened.has(port.field.value)) {
          yield { at: port.field, message: `no NetworkPolicy lets ${who} reach the port ${port.name}` };
        }
      }
      for (const rule of ingress) {
        const seen = new Set<string>();
        for (const entry of rule.ports.items()) {
          const port = openedPort(pod, entry);
          const who = port === undefined ? undefined : audience(port);
          if (who !== undefined) seen.add(who);
          else if (entry.at('port').exists) {
            yield {
              at: entry.at('port'),
              message: `port ${String(entry.at('port').value)} is opened, and the pod offers nobody anything there`,
            };
          }
        }
        if (seen.size > 1) {
          yield {
            at: rule.field,
            message: `one rule opens the ports of ${[...seen].join(' and of ')} to the same peers`,
          };
        }
      }

      const egress = ports(allowing(tree, pod, 'Egress'));
      const tcp = egress.filter((port) => protocolOf(port) === 'TCP').map((port) => port.at('port').value);
      const udp = egress.filter((port) => protocolOf(port) === 'UDP');
      const at = pod.template.at('metadata', 'labels');
      if (udp.length === 0) yield { at, message: 'the pod may not ask the DNS over UDP' };
      for (const port of udp) {
        if (!tcp.includes(port.at('port').value)) {
          // RFC 7766: a truncated answer is asked for again over TCP, and large MX sets are truncated.
          yield { at: port, message: 'DNS is allowed over UDP only' };
        }
      }
      const names = new Set(udp.map((port) => port.at('port').value));
      if (tcp.every((port) => names.has(port))) {
        yield { at, message: 'the pod may not reach anything but DNS, so no mail leaves' };
      }
    }
  },
};
