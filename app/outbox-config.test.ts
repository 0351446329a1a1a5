import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Config, parseConfig } from '../relay-src/outbox/config.ts';
import { example } from '../test/example-settings.ts';
import { nextHopPort, outboxConfigYaml } from './outbox-config.ts';
import { parseSettings } from './setting-problems.ts';
import type { SettingsInput } from './settings.ts';

const account = { tenant: 'contoso.onmicrosoft.com', clientId: '00000000-0000-0000-0000-000000000000' };

/** What the settings become, as text and as the program itself reads it, and the port that it then connects to. */
function rendered(changes: Partial<SettingsInput>): { text: string; config: Config; port: number } {
  const result = parseSettings({ ...example, ...changes });
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  const { delivery } = result.settings;
  if (delivery.kind !== 'outbox') throw new Error('not outbox');
  const text = outboxConfigYaml(result.settings, delivery);
  return { text, config: parseConfig(text, 'outbox.yaml'), port: nextHopPort(delivery.transport) };
}

describe('outbox.yaml', () => {
  it('takes over what the settings say of senders, sizes and names', () => {
    const { config } = rendered({ senders: ['a@example.com', 'example.org'], largestMessage: '1Mi' });
    expect(config).toMatchObject({
      listen: { host: '127.0.0.1', port: 2525 },
      metrics: { port: 9092 },
      spool: '/var/spool/outbox',
      maxSize: 1024 * 1024 + 64 * 1024,
      allowedFrom: ['a@example.com', 'example.org'],
      hostname: 'email-relay.email-relay.svc.cluster.local',
      copy: { host: '127.0.0.1', port: 1025 },
    });
  });

  it.each<[string, NonNullable<SettingsInput['delivery']>, object, number]>([
    [
      'a client secret',
      { transport: { kind: 'graph', ...account, exactlyOnce: true } },
      { clientSecret: { file: '/var/run/secrets/outbox/client-secret' }, exactlyOnce: true },
      443,
    ],
    [
      'a certificate, behind a proxy',
      {
        transport: {
          kind: 'graph',
          ...account,
          credential: 'certificate',
          proxy: { url: 'http://proxy.example:3128', networks: ['10.1.2.3/32'] },
        },
      },
      {
        certificate: {
          certificate: { file: '/var/run/secrets/outbox/certificate' },
          privateKey: { file: '/var/run/secrets/outbox/private-key' },
        },
        proxy: 'http://proxy.example:3128',
      },
      3128,
    ],
    [
      "a smarthost's password",
      {
        transport: {
          kind: 'smarthost',
          host: 'smtp.example.net',
          tls: 'implicit',
          login: { kind: 'password', user: 'relay' },
        },
      },
      { user: 'relay', password: { file: '/var/run/secrets/outbox/password' }, tls: 'implicit' },
      465,
    ],
    [
      "Exchange Online's submission",
      {
        transport: {
          kind: 'smarthost',
          host: 'smtp.office365.com',
          login: { kind: 'xoauth2', user: 'relay@example.com', ...account },
        },
      },
      {
        user: 'relay@example.com',
        oauth: { ...account, clientSecret: { file: '/var/run/secrets/outbox/client-secret' } },
      },
      587,
    ],
  ])('names the files of %s, and holds no secret', (_what, delivery, transport, port) => {
    const made = rendered({ delivery });
    expect(made.config.transport).toMatchObject(transport);
    expect(made.port).toBe(port);
    expect(made.text).not.toContain('networks');
  });

  it('is read by people too: times stay as they were written', () => {
    const { text } = rendered({
      delivery: { transport: { kind: 'graph', ...account }, retry: { maxAge: '5d' } },
    });
    expect(parse(text)).toHaveProperty('retry.maxAge', '5d');
  });
});
