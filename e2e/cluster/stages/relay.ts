import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { fluxNamespace, NAMESPACE } from '../../../app/environment.ts';
import type { Environment } from '../../../app/environment.ts';
import type { Report } from '../../smoke/report.ts';
import { run } from '../../tools/run.ts';
import { asKubeObject, at } from '../api.ts';
import type { KubeApi } from '../api.ts';
import { commitCases, firstApplyCases } from '../cases/flux.ts';
import { afterBumpCases, bumpCases, choiceCases } from '../cases/images.ts';
import { mailCases, podCases, rolloutCases } from '../cases/mail.ts';
import { policyCases } from '../cases/policies.ts';
import { clientAddress, Clients, startClient } from '../client/pods.ts';
import type { ControlPlane } from '../control-plane.ts';
import { Kustomizations } from '../flux/conditions.ts';
import { trustTheFakeGraph } from '../flux/exchange.ts';
import { ImageAutomation } from '../flux/image-automation.ts';
import { startGitServer } from '../flux/git-server.ts';
import type { GitServer } from '../flux/git-server.ts';
import { startKustomizeController } from '../flux/kustomize-controller.ts';
import { Checkout } from '../flux/repository.ts';
import { SourceStandIn } from '../flux/source-stand-in.ts';
import type { Host } from '../host.ts';
import { Internet } from '../node/internet.ts';
import type { App } from '../node/internet.ts';
import type { Addresses } from '../node/links.ts';
import { PolicyEnforcer } from '../node/policy-enforcer.ts';
import type { Registry } from '../node/registry.ts';
import { imageOf, ownPrograms } from './node.ts';
import { RelayPod } from '../node/relay-pod.ts';
import { makeVolumes } from '../node/volumes.ts';
import type { Placed } from '../tree.ts';

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
  const { api, kubeconfig } = plane;
  const { settings } = environment;
  const kubectl = await host.tool('kubectl');
  const namespace = fluxNamespace(settings);

  const internet = await Internet.start(host, addresses.internet, appOf(tree, environment));
  host.undo.add('keep the ledger', async () => internet.save(join(reportFolder, 'graph-ledger.jsonl')));
  const enforcer = PolicyEnforcer.start(host, api);
  await makeVolumes(host, api, tree);
  const git = await startGitServer(host, settings.git.branch);
  const checkout = await Checkout.make(host, git, settings.git.branch);
  writeFileSync(join(reportFolder, 'exchanged.diff'), await trustTheFakeGraph(checkout, internet.ca));
  await makeFluxSecrets(api, { root, namespace, gitSecret: settings.git.secret, git });
  await SourceStandIn.start(host, api, { published: settings.git.url, git });
  const automation = ImageAutomation.start(host, api, registry);
  await startKustomizeController(host, kubeconfig);

  report.group('Flux');
  const folder = join(checkout.folder, 'dist/clusters', settings.cluster.name, 'email-relay');
  await run(kubectl, [`--kubeconfig=${kubeconfig}`, 'apply', '--kustomize', folder], { cwd: root });
  const kustomizations = new Kustomizations(api, namespace);
  const flux = { api, checkout, kustomizations, tree, environment: environment.name };
  const pod = new RelayPod(api, NAMESPACE);
  const client = (name: string) => startClient(api, name, imageOf(environment, 'mx-validator'));
  const [sender, stranger, monitoring, ui] = await Promise.all(
    [
      settings.access.smtp[0] ?? '',
      'stranger',
      settings.access.metrics[0] ?? '',
      settings.access.ui[0] ?? '',
    ].map(client),
  );
  if (sender === undefined || stranger === undefined || monitoring === undefined || ui === undefined) return;
  await firstApplyCases(report, flux);

  report.group('the pod, and mail through it');
  const clients = new Clients(kubectl, kubeconfig);
  const service = `email-relay.${NAMESPACE}.svc.cluster.local`;
  const from = settings.senders[0] ?? '';
  const mail = { clients, sender, relay: `${service}:25`, from, pod, internet };
  await podCases(report, mail);
  await clientAddress(api, sender);
  await mailCases(report, mail);

  report.group('network policies');
  const relay = { namespace: NAMESPACE, pod: await pod.name(), container: 'mx-validator' };
  const kubernetes = await api.get({
    apiVersion: 'v1',
    kind: 'Service',
    name: 'kubernetes',
    namespace: 'default',
  });
  await policyCases(report, {
    clients,
    enforcer,
    places: { sender, stranger, monitoring, ui, relay },
    targets: {
      service,
      relay: await pod.address(),
      stranger: await clientAddress(api, stranger),
      internet: addresses.internet,
      apiServer: `${String(at(kubernetes, 'spec', 'clusterIP'))}:443`,
    },
  });

  report.group('commits');
  await commitCases(report, flux);

  report.group('image automation');
  const images = ownPrograms(root, environment).map((program) => imageOf(environment, program));
  const bumps = { host, automation, registry, checkout, images, environment: environment.name, namespace };
  await choiceCases(report, bumps);
  await rolloutCases(report, mail, {
    seconds: 45,
    rollOut: async () => {
      await bumpCases(report, bumps);
      await kustomizations.ready('email-relay-app', await checkout.head(), 120);
    },
  });
  await afterBumpCases(report, bumps);
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

/** What a person makes once per cluster: the key for SOPS, and the login to the repository. */
export async function makeFluxSecrets(
  api: KubeApi,
  { root, namespace, gitSecret, git }: { root: string; namespace: string; gitSecret: string; git: GitServer },
): Promise<void> {
  const secret = (name: string, stringData: Record<string, string>) =>
    api.apply(asKubeObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData }), {
      manager: 'e2e',
    });
  await secret('sops-age', {
    'example.agekey': readFileSync(join(root, 'test/fixtures/example.agekey'), 'utf8'),
  });
  if (gitSecret !== 'none') await secret(gitSecret, { username: git.username, password: git.password });
}
