import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { dnsVerdicts, metrics } from '../../relay-src/mx-validator/contract.ts';
import { metrics as outboxMetrics } from '../../relay-src/outbox/contract.ts';
import { lookupOutcomes } from '../../relay-src/mx-validator/dns/checker.ts';
import { troubleCauses } from '../../relay-src/mx-validator/dns/verdict.ts';
import { relayAlerts } from './relay-alerts.ts';

const CASES = join(import.meta.dirname, '../../e2e/alerts');

const sizes = { maxMessages: 1000, mailpitVolumeBytes: 1000, queueVolumeBytes: 1000 };
const alerts = relayAlerts({ namespace: 'email-relay', lastHop: 'outbox', ...sizes });

describe('every alert', () => {
  it.each(alerts.map(({ name }) => name))(
    '%s has a case in which it fires and one in which it stays silent',
    (name) => {
      const file = join(CASES, `${name}.test.yaml`);
      expect(existsSync(file)).toBe(true);
      const { tests }: { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] } =
        parse(readFileSync(file, 'utf8'));
      const expectations = tests.flatMap((test) => test.alert_rule_test);
      expect(new Set(expectations.map(({ alertname }) => alertname))).toEqual(new Set([name]));
      expect(expectations.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
      expect(expectations.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
    },
  );

  it.each([
    ['mx-validator', /mx_validator_\w+/g, metrics],
    ['outbox', /\boutbox_\w+/g, outboxMetrics],
  ])('asks %s only for metrics that it exports', (_program, pattern, exported) => {
    const asked = alerts.flatMap(({ expr }) => expr.match(pattern) ?? []);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !Object.hasOwn(exported, name))).toEqual([]);
  });

  it('knows smtp2graph no more than its own order of hops does', () => {
    const published = relayAlerts({ namespace: 'email-relay', lastHop: 'smtp2graph', ...sizes });
    expect(JSON.stringify(published)).not.toContain('outbox');
    expect(JSON.stringify(alerts)).not.toContain('smtp2graph');
  });

  it('knows which outcomes of a DNS lookup are verdicts: the rest is trouble', () => {
    expect(
      lookupOutcomes.filter((outcome) => !(troubleCauses as readonly string[]).includes(outcome)),
    ).toEqual(dnsVerdicts);
  });

  it('states in its text the threshold of its expression', () => {
    const full = alerts.find(({ name }) => name === 'MailpitNearlyFull');
    expect(full?.expr).toContain('> 900');
    expect(full?.description).toContain('more than 900 messages');
  });
});
