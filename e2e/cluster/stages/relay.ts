import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { NAMESPACE } from '../../../app/environment.ts';
import type { Environment } from '../../../app/environment.ts';
import type { Report } from '../../smoke/report.ts';
import { at } from '../api.ts';
import type { KubeApi } from '../api.ts';
import { commitCases, firstApplyCases } from '../cases/flux.ts';
import { afterBumpCases, bumpCases, choiceCases } from '../cases/images.ts';
import { mailCases, podCases, rolloutCases } from '../cases/mail.ts';
import { policyCases } from '../cases/policies.ts';
import type { Places } from '../cases/policies.ts';
import { tenantCases } from '../cases/tenant.ts';
import { clientAddress, Clients, startClient } from '../client/pods.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Host } from '../host.ts';
import { Internet } from '../node/internet.ts';
import type { App } from '../node/internet.ts';
import type { Addresses } from '../node/links.ts';
import { PolicyEnforcer } from '../node/policy-enforcer.ts';
import type { Registry } from '../node/registry.ts';
import { RelayPod } from '../node/relay-pod.ts';
import { makeVolumes } from '../node/volumes.ts';
import type { Placed } from '../tree.ts';
import { installFlux } from './flux.ts';
import { imageOf, ownPrograms } from './node.ts';

export interface RelayOptions {
  readonly root: string;
  readonly reportFolder: string;
  readonly environment: Environment;
  readonly tree: readonly Placed[];
  readonly addresses: Addresses;
  readonly plane: ControlPlane;
  readonly registry: Registry;
}

/** Flux brings the relay into the cluster, applications send mail through it, and versions change meanwhile. */
export async function relayStage(host: Host, report: Report, options: RelayOptions): Promise<void> {
  const { root, environment, tree, addresses, plane, registry, reportFolder } = options;
  const { api } = plane;
  const internet = await Internet.start(host, addresses.internet, appOf(tree, environment));
  host.undo.add('keep the ledger', async () => internet.save(join(reportFolder, 'graph-ledger.jsonl')));
  const enforcer = PolicyEnforcer.start(host, api);
  await makeVolumes(host, api, tree);
  const flux = await installFlux(host, { root, environment, plane, registry, ca: internet.ca });
  writeFileSync(join(reportFolder, 'exchanged.diff'), flux.exchanged);

  report.group('Flux');
  const { checkout, kustomizations } = flux;
  await flux.applyClusterFolder();
  const clients = new Clients(await host.tool('kubectl'), plane.kubeconfig);
  const pod = new RelayPod(api, NAMESPACE);
  const places = await startClients(api, environment);
  const applied = { api, checkout, kustomizations, tree, environment: environment.name };
  await firstApplyCases(report, applied);

  report.group('the pod, and mail through it');
  const [sender = ''] = environment.settings.senders;
  // A sender may be a whole domain.
  const from = sender.includes('@') ? sender : `e2e@${sender}`;
  const mail = { clients, sender: places.sender, relay: `${service}:25`, from, pod, internet };
  await podCases(report, mail);
  await clientAddress(api, places.sender);
  await mailCases(report, mail);

  report.group('network policies');
  const relay = { namespace: NAMESPACE, pod: await pod.name(), container: 'mx-validator' };
  const targets = {
    service,
    relay: await pod.address(),
    stranger: await clientAddress(api, places.stranger),
    internet: addresses.internet,
    apiServer: await apiServerAddress(api),
  };
  await policyCases(report, { clients, enforcer, places: { ...places, relay }, targets });

  report.group('commits');
  await commitCases(report, applied);

  report.group('image automation');
  const images = ownPrograms(root, environment).map((program) => imageOf(environment, program));
  const bumps = { host, ...flux, registry, images, environment: environment.name };
  await choiceCases(report, bumps);
  await rolloutCases(report, mail, async () => {
    await bumpCases(report, bumps);
    await kustomizations.ready('email-relay-app', await checkout.head(), 120);
  });
  await afterBumpCases(report, bumps);

  report.group('a tenant, under locked-down controllers');
  await tenantCases(report, { host, root, plane, environment, flux, mail, ca: internet.ca });
}

/** The relay's name in the cluster, as applications have it. */
const service = `email-relay.${NAMESPACE}.svc.cluster.local`;

/** One client for each row of the table of flows. */
async function startClients(api: KubeApi, environment: Environment): Promise<Omit<Places, 'relay'>> {
  const { smtp, metrics, ui } = environment.settings.access;
  const image = imageOf(environment, 'mx-validator');
  const start = (name: string) => startClient(api, name, image);
  const [sender, stranger, monitoring, reader] = await Promise.all([
    start(smtp[0] ?? ''),
    start('stranger'),
    start(metrics[0] ?? 'monitoring'),
    start(ui[0] ?? 'ui'),
  ]);
  return { sender, stranger, monitoring, ui: reader };
}

async function apiServerAddress(api: KubeApi): Promise<string> {
  const reference = { apiVersion: 'v1', kind: 'Service', name: 'kubernetes', namespace: 'default' };
  return `${String(at(await api.get(reference), 'spec', 'clusterIP'))}:443`;
}

/** The app registration that the manifests name, with the client secret that they encrypt. */
function appOf(tree: readonly Placed[], { settings }: Environment): App {
  const { delivery } = settings;
  const transport: unknown = 'transport' in delivery ? delivery.transport : delivery;
  const credentials = tree.find(({ object }) => object.metadata.name === 'outbox-credentials')?.object;
  const secret = at(credentials, 'stringData', 'client-secret');
  return {
    tenant: String(at(transport, 'tenant')),
    clientId: String(at(transport, 'clientId')),
    clientSecret: typeof secret === 'string' ? secret.trim() : '',
  };
}
