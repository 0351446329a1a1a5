import { ApiObject } from 'cdk8s';
import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import type { Construct } from 'constructs';
import { labels, RELAY } from './labels.ts';

/** An alert whose text is made from the same numbers as its expression, so that the two cannot disagree. */
export interface Alert {
  readonly name: string;
  readonly severity: 'critical' | 'warning' | 'info';
  /** How long the expression must hold, as Prometheus writes it. */
  readonly for: string;
  readonly expr: string;
  /** What happened. */
  readonly summary: string;
  /** What it costs, and what to do. */
  readonly description: string;
}

export interface AlertsProps {
  readonly namespace: string;
  /** Labels that the Prometheus installation selects by. */
  readonly selectedBy: Readonly<Record<string, string>>;
  readonly alerts: readonly Alert[];
}

export class RelayAlerts extends ApiObject {
  constructor(scope: Construct, id: string, props: AlertsProps) {
    super(scope, id, {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: {
        name: `${RELAY}-alerts`,
        namespace: props.namespace,
        labels: { ...labels, ...props.selectedBy },
      },
      spec: {
        groups: [
          {
            name: RELAY,
            rules: props.alerts.map((alert) => ({
              alert: alert.name,
              expr: alert.expr,
              for: alert.for,
              labels: { severity: alert.severity },
              annotations: { summary: alert.summary, description: alert.description },
            })),
          },
        ],
      },
    } satisfies IPrometheusRule);
  }
}
