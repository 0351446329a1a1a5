import { relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Prometheus forgets a series after 5 minutes, and rate() over 5 minutes wants several points. */
const LONGEST = 75;

export const scrapeInterval: Rule = {
  id: 'scrape-interval',
  reason:
    'rate() over 5 minutes needs a few points in them: a scrape every 5 minutes gives it one, and no alert.',
  remedy: `Scrape every ${LONGEST} s or more often, 30 s as a rule.`,
  reference: 'https://prometheus.io/docs/prometheus/latest/querying/functions/#rate',
  *check(tree) {
    if (relaysOf(tree).length === 0) return;
    for (const monitor of tree.of('monitoring.coreos.com/ServiceMonitor')) {
      for (const endpoint of monitor.at('spec', 'endpoints').items()) {
        const interval = endpoint.at('interval');
        const [, digits, unit = ''] = /^(\d+)(ms|s|m|h)$/.exec(interval.text ?? '') ?? [];
        if (digits !== undefined && Number(digits) * (UNITS[unit] ?? 0) > LONGEST) {
          yield { at: interval, message: `${interval.text} between two points` };
        }
      }
    }
  },
};
