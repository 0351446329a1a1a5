import { ApiObject } from 'cdk8s';
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import type { Construct } from 'constructs';
import { labels, RELAY, selectorLabels } from './labels.ts';

export interface ServiceMonitorProps {
  readonly namespace: string;
  /** Labels that the Prometheus installation selects by. */
  readonly selectedBy: Readonly<Record<string, string>>;
  /** Names of Service ports that answer `/metrics`. */
  readonly ports: readonly string[];
}

/** Scrapes each metrics port twice a minute; the job label is the Service's name. */
export class RelayServiceMonitor extends ApiObject {
  constructor(scope: Construct, id: string, props: ServiceMonitorProps) {
    super(scope, id, {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: RELAY, namespace: props.namespace, labels: { ...labels, ...props.selectedBy } },
      spec: {
        selector: { matchLabels: selectorLabels },
        endpoints: props.ports.map((port) => ({ port, path: '/metrics', interval: '30s' })),
      },
    } satisfies IServiceMonitor);
  }
}
