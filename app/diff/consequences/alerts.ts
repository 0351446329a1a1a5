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
      else if (was.says !== says) {
        yield {
          weight: 'caution',
          object,
          fields: [],
          says: `the ${what} now is ${show(says)}, and was ${show(was.says)}`,
        };
      }
    }
    for (const [name, { object, what }] of old) {
      if (!now.has(name)) yield { weight: 'danger', object, fields: [], says: `takes away the ${what}` };
    }
  },
};

interface Watched {
  readonly object: string;
  /** `alert EmailRelayDown (critical)` */
  readonly what: string;
  readonly says: string;
}

function watched(tree: Tree): Map<string, Watched> {
  const found = new Map<string, Watched>();
  for (const rule of tree.of('monitoring.coreos.com/PrometheusRule')) {
    for (const alert of rule
      .at('spec', 'groups')
      .items()
      .flatMap((group) => group.at('rules').items())) {
      const name = alert.at('alert').text ?? alert.at('record').text ?? '';
      const severity = alert.at('labels', 'severity').text;
      const duration = alert.at('for').text;
      found.set(`alert ${name}`, {
        object: objectKey(rule),
        what: `alert ${name}`,
        says: [alert.at('expr').value, duration && `for ${duration}`, severity].filter(Boolean).join(' '),
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
        says: [endpoint.at('path').text, endpoint.at('interval').text].filter(Boolean).join(' every '),
      });
    }
  }
  return found;
}
