import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fluxNamespace } from '../../../app/environment.ts';
import type { Environment } from '../../../app/environment.ts';
import { run } from '../../tools/run.ts';
import type { Running } from '../../up/process.ts';
import { asKubeObject } from '../api.ts';
import type { KubeApi } from '../api.ts';
import type { ControlPlane } from '../control-plane.ts';
import { Kustomizations } from '../flux/conditions.ts';
import { trustTheFakeGraph } from '../flux/exchange.ts';
import { startGitServer } from '../flux/git-server.ts';
import type { GitServer } from '../flux/git-server.ts';
import { ImageAutomation } from '../flux/image-automation.ts';
import { startKustomizeController } from '../flux/kustomize-controller.ts';
import { Checkout } from '../flux/repository.ts';
import { SourceStandIn } from '../flux/source-stand-in.ts';
import type { Host } from '../host.ts';
import type { Registry } from '../node/registry.ts';
import { keyFile } from '../tree.ts';

/** Flux, and the repository that it follows. */
export interface Flux {
  readonly git: GitServer;
  readonly checkout: Checkout;
  readonly automation: ImageAutomation;
  readonly kustomizations: Kustomizations;
  readonly controller: Running;
  /** Namespace of the Flux objects. */
  readonly namespace: string;
  /** In what the repository differs from the committed one. */
  readonly exchanged: string;
  /** What a person does once: `kubectl apply -k` of the cluster's folder. */
  applyClusterFolder(): Promise<void>;
}

export interface FluxOptions {
  readonly root: string;
  readonly environment: Environment;
  readonly plane: ControlPlane;
  readonly registry: Registry;
  /** The authority of the fake Graph, in PEM. */
  readonly ca: string;
}

/** Serves the repository over HTTP, and starts what follows it; nothing is applied yet. */
export async function installFlux(host: Host, options: FluxOptions): Promise<Flux> {
  const { root, environment, plane, registry, ca } = options;
  const { api, kubeconfig } = plane;
  const { settings } = environment;
  const namespace = fluxNamespace(settings);
  const git = await startGitServer(host, settings.git.branch);
  const checkout = await Checkout.make(host, git, settings.git.branch);
  const exchanged = await trustTheFakeGraph(checkout, ca);
  await makeFluxSecrets(api, { namespace, gitSecret: settings.git.secret, git });
  await SourceStandIn.start(host, api, { published: settings.git.url, git });
  const automation = ImageAutomation.start(host, api, registry);
  const controller = await startKustomizeController(host, kubeconfig);
  const kubectl = await host.tool('kubectl');
  const folder = join(checkout.folder, 'dist/clusters', settings.cluster.name, 'email-relay');
  return {
    git,
    checkout,
    automation,
    kustomizations: new Kustomizations(api, namespace),
    controller,
    namespace,
    exchanged,
    async applyClusterFolder() {
      await run(kubectl, [`--kubeconfig=${kubeconfig}`, 'apply', '--kustomize', folder], { cwd: root });
    },
  };
}

/** What a person makes once per cluster: the key for SOPS, and the login to the repository. */
export async function makeFluxSecrets(
  api: KubeApi,
  { namespace, gitSecret, git }: { namespace: string; gitSecret: string; git: GitServer },
): Promise<void> {
  const secret = (name: string, stringData: Record<string, string>) =>
    api.apply(asKubeObject({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData }), {
      manager: 'e2e',
    });
  await secret('sops-age', { 'age.agekey': readFileSync(keyFile, 'utf8') });
  if (gitSecret !== 'none') await secret(gitSecret, { username: git.username, password: git.password });
}
