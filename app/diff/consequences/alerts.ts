import type { Tree } from '../../../checks/tree.ts';
import { type ConsequenceKind, show, objectKey } from '../consequence.ts';

/** Alerts and scrapes that come, go or judge differently. */
export const alerts: ConsequenceKind = {
  id: 'alerts',
  title: 'an alert or a scrape changes',
  reference: 'https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/',
  transition: false,
  *find({ before, after }) {
    const [old, now] = [watched(before.tree), watched(after.tree)];
    for (const [name, { object, what, says }] of now) {
      const was = old.get(name);
      if (was === undefined) yield { weight: 'note', object, fields: [], says: `adds the ${what}` };
      else {
        const parts = Object.entries(says).filter(([part, value]) => was.says[part] !== value);
        if (parts.length === 0) continue;
        const changes = parts.map(
          ([part, value]) => `${part} from ${show(was.says[part])} to ${show(value)}`,
        );
        yield { weight: 'caution', object, fields: [], says: `changes the ${what}: ${changes.join(', ')}` };
      }
    }
    for (const [name, { object, what }] of old) {
      if (!now.has(name)) yield { weight: 'danger', object, fields: [], says: `takes away the ${what}` };
    }
  },
};

interface Watched {
  readonly object: string;
  /** `alert EmailRelayDown` */
  readonly what: string;
  /** What it judges by. */
  readonly says: Readonly<Record<string, unknown>>;
}

function watched(tree: Tree): Map<string, Watched> {
  const found = new Map<string, Watched>();
  for (const rule of tree.of('monitoring.coreos.com/PrometheusRule')) {
    for (const alert of rule
      .at('spec', 'groups')
      .items()
      .flatMap((group) => group.at('rules').items())) {
      const name = alert.at('alert').text ?? alert.at('record').text ?? '';
      found.set(`alert ${name}`, {
        object: objectKey(rule),
        what: `alert ${name}`,
        says: {
          expr: alert.at('expr').value,
          for: alert.at('for').value,
          severity: alert.at('labels', 'severity').value,
        },
      });
    }
  }
  for (const monitor of tree.of('monitoring.coreos.com/ServiceMonitor', 'monitoring.coreos.com/PodMonitor')) {
    for (const endpoint of [
      ...monitor.at('spec', 'endpoints').items(),
      ...monitor.at('spec', 'podMetricsEndpoints').items(),
    ]) {
      const port = String(endpoint.at('port').value);
      found.set(`scrape ${objectKey(monitor)} ${port}`, {
        object: objectKey(monitor),
        what: `scrape of the port ${port}`,
        says: { path: endpoint.at('path').value, interval: endpoint.at('interval').value },
      });
    }
  }
  return found;
}
