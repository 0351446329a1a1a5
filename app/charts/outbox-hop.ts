import { internet } from '../../constructs/internet.ts';
import type { EgressFlow } from '../../constructs/network-policy.ts';
import { outbox, outboxNames } from '../../constructs/outbox.ts';
import { smtp2graphNames } from '../../constructs/smtp2graph.ts';
import { ports } from '../../relay-src/outbox/contract.ts';
import type { OutboxDelivery } from '../delivery-settings.ts';
import type { Environment } from '../environment.ts';
import { imageOf } from '../images.ts';
import { nextHopPort, outboxConfigYaml } from '../outbox-config.ts';
import { credentialKeysOf } from '../secrets/outbox-credentials.ts';
import type { LastHop } from './last-hop.ts';

/** mx-validator → outbox, which sends, and gives Mailpit a copy. */
export function outboxHop({ settings, images }: Environment, delivery: OutboxDelivery): LastHop {
  const hasCredentials = credentialKeysOf(delivery.transport).length > 0;
  const migrates = delivery.migrateFrom === 'smtp2graph';
  return {
    container: outbox({
      image: imageOf(images, 'outbox'),
      hasCredentials,
      ...(migrates ? { takesOver: { claim: smtp2graphNames.claim, subPath: 'mailroot' } } : {}),
      resources: settings.resources.outbox,
    }),
    nextHopPort: ports.smtp,
    claims: [
      { name: outboxNames.claim, file: 'outbox' },
      ...(migrates ? [{ name: smtp2graphNames.claim, file: 'smtp2graph' }] : []),
    ],
    // Not read once: it reads a changed credential by itself.
    ...(hasCredentials ? { secret: { name: outboxNames.credentials, readOnce: false } } : {}),
    config: { name: outboxNames.config, yaml: outboxConfigYaml(settings, delivery) },
    metrics: { name: outboxNames.metricsPort, port: ports.metrics },
    egress: egressOf(delivery.transport, settings.cluster.networks),
  };
}

/** The ways out: to a proxy, to a smarthost, to Microsoft's addresses, which change too often to be named. */
function egressOf(transport: OutboxDelivery['transport'], clusterNetworks: readonly string[]): EgressFlow[] {
  const networks = transport.kind === 'graph' ? (transport.proxy?.networks ?? []) : transport.networks;
  const peers =
    networks.length > 0
      ? networks.map((cidr) => ({ kind: 'network', cidr }) as const)
      : internet(clusterNetworks);
  const next: EgressFlow = { peers, protocols: ['TCP'], ports: [nextHopPort(transport)] };
  const asksForTokens = transport.kind === 'smarthost' && transport.login?.kind === 'xoauth2';
  if (!asksForTokens) return [next];
  return [next, { peers: internet(clusterNetworks), protocols: ['TCP'], ports: [443] }];
}
