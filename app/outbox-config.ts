/** The configuration of outbox, `outbox.yaml` in its ConfigMap, made from the settings. */
import { stringify } from 'yaml';
import { mailpitPorts } from '../constructs/mailpit.ts';
import { ConfigError, parseConfig } from '../relay-src/outbox/config.ts';
import { credentialKeys, files, ports } from '../relay-src/outbox/contract.ts';
import type { OutboxDelivery } from './delivery-settings.ts';
import { hopLimits, LOOPBACK } from './environment.ts';
import type { SettingProblem } from '../relay-src/schema/problems.ts';
import type { Settings } from './settings.ts';

/** What the program calls otherwise than the settings do. */
const SETTING_NAMES: Readonly<Record<string, string>> = {
  allowedFrom: 'senders',
  hostname: 'hostName',
  maxSize: 'largestMessage',
};

/** The file, whole. Credentials are named by their files only. */
export function outboxConfigYaml(settings: Settings, delivery: OutboxDelivery): string {
  return stringify(
    {
      listen: `${LOOPBACK}:${ports.smtp}`,
      metrics: `:${ports.metrics}`,
      spool: files.spool,
      maxSize: hopLimits(settings).lastHop,
      hostname: settings.hostName,
      allowedFrom: settings.senders,
      retry: delivery.retry,
      bounces: delivery.bounces,
      copy: { host: LOOPBACK, port: mailpitPorts.smtp },
      transport: transportOf(delivery.transport),
    },
    { lineWidth: 0 },
  );
}

/** What the program would not accept of it, told by the settings that it was made from. */
export function outboxConfigProblems(settings: Settings, delivery: OutboxDelivery): SettingProblem[] {
  try {
    parseConfig(outboxConfigYaml(settings, delivery), 'outbox.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n').map((line) => {
      const [, path = '', message = line] = /^outbox\.yaml: (?:([\w.]+): )?(.*)$/.exec(line) ?? [];
      const [head = '', ...tail] = path.split('.');
      const name = SETTING_NAMES[head];
      return { path: name === undefined ? `delivery.${path}` : [name, ...tail].join('.'), message };
    });
  }
}

/** The port that outbox connects to: of its proxy, of Graph, or of the smarthost (RFC 8314 3.3). */
export function nextHopPort(transport: OutboxDelivery['transport']): number {
  if (transport.kind === 'smarthost') return transport.port ?? (transport.tls === 'implicit' ? 465 : 587);
  const { protocol, port } = new URL(transport.proxy?.url ?? transport.graphUrl);
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

function transportOf(transport: OutboxDelivery['transport']): Record<string, unknown> {
  if (transport.kind === 'graph') {
    const { credential, proxy, ...same } = transport;
    return { ...same, ...credentials(credential), proxy: proxy?.url };
  }
  const { login, networks: _opened, ...same } = transport;
  if (login === undefined) return same;
  if (login.kind === 'password')
    return { ...same, user: login.user, password: inSecret(credentialKeys.password) };
  const { kind: _kind, user, credential, ...registration } = login;
  return { ...same, user, oauth: { ...registration, ...credentials(credential) } };
}

function credentials(credential: 'secret' | 'certificate'): Record<string, unknown> {
  if (credential === 'secret') return { clientSecret: inSecret(credentialKeys.clientSecret) };
  return {
    certificate: {
      certificate: inSecret(credentialKeys.certificate),
      privateKey: inSecret(credentialKeys.privateKey),
    },
  };
}

function inSecret(key: string): { file: string } {
  return { file: `${files.credentials}/${key}` };
}
