import { metrics as validator } from '../relay-src/mx-validator/contract.ts';
import { metrics as outbox } from '../relay-src/outbox/contract.ts';

/** Mailpit's, from internal/prometheus of v1.30.5. */
const MAILPIT = [
  'mailpit_database_size_bytes',
  'mailpit_memory_usage_bytes',
  'mailpit_messages',
  'mailpit_messages_deleted_total',
  'mailpit_messages_unread',
  'mailpit_smtp_accepted_size_bytes_total',
  'mailpit_smtp_accepted_total',
  'mailpit_smtp_ignored_total',
  'mailpit_smtp_rejected_total',
  'mailpit_tag_messages',
  'mailpit_uptime_seconds',
];

/** Of the cluster: Prometheus itself, the kubelet, kube-state-metrics. */
const CLUSTER = [
  'up',
  'kubelet_volume_stats_available_bytes',
  'kubelet_volume_stats_capacity_bytes',
  'kube_pod_container_status_restarts_total',
];

/** What each program exports, by the prefix of its metrics. */
const PROGRAMS: readonly (readonly [prefix: string, program: string, names: readonly string[]])[] = [
  ['mx_validator_', 'mx-validator', seriesOf(validator)],
  ['outbox_', 'outbox', seriesOf(outbox)],
  ['mailpit_', 'Mailpit', MAILPIT],
  ['', 'the cluster', CLUSTER],
];

/** A histogram is three series; metrics of Node's runtime carry the program's prefix. */
function seriesOf(metrics: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(metrics).flatMap(([name, type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
}

/** The program that should export a metric and does not; undefined when the metric exists. */
export function missingFrom(metric: string): string | undefined {
  const [, program, names] = PROGRAMS.find(([prefix]) => metric.startsWith(prefix)) ?? [];
  return names?.includes(metric) === true ? undefined : program;
}
