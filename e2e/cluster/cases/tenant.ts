import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join } from 'node:path';

import { NAMESPACE } from '../../../app/environment.ts';
import type { Environment } from '../../../app/environment.ts';
import { tenantAccount } from '../../../flux/tenant-account.ts';
import type { Report } from '../../smoke/report.ts';
import { run } from '../../tools/run.ts';
import { until } from '../../up/until.ts';
import { asKubeObject, referenceTo } from '../api.ts';
import type { KubeApi } from '../api.ts';
import type { ControlPlane } from '../control-plane.ts';
import { Kustomizations, readyOf } from '../flux/conditions.ts';
import { trustTheFakeGraph } from '../flux/exchange.ts';
import { startKustomizeController } from '../flux/kustomize-controller.ts';
import type { Checkout } from '../flux/repository.ts';
import type { Host } from '../host.ts';
import { makeFluxSecrets } from '../stages/flux.ts';
import type { Flux } from '../stages/flux.ts';
import { readTree } from '../tree.ts';
import type { MailWorld } from './mail.ts';

/** How Flux's documentation on multi-tenancy locks its controllers down. */
const lockDown = {
  'no-cross-namespace-refs': true,
  'no-remote-bases': true,
  'default-service-account': 'default',
};

export interface TenantWorld {
  readonly host: Host;
  readonly root: string;
  readonly plane: ControlPlane;
  readonly environment: Environment;
  readonly flux: Flux;
  readonly mail: MailWorld;
  /** The authority of the fake Graph, in PEM. */
  readonly ca: string;
}

/** The same relay, moved to the profile of a tenant: all of Flux's objects are then in its namespace. */
export async function tenantCases(report: Report, world: TenantWorld): Promise<void> {
  const { host, root, plane, environment, flux, mail, ca } = world;
  const { api, kubeconfig } = plane;
  const { checkout } = flux;
  const kubectl = await host.tool('kubectl');
  const command = (...args: string[]): Promise<string> =>
    run(kubectl, [`--kubeconfig=${kubeconfig}`, ...args], { cwd: root });

  await report.case('the setting moves every object into the namespace of the relay', async () => {
    await chooseTenant(checkout, environment);
    const elsewhere = (await readTree(join(checkout.folder, 'dist')))
      .map(({ object }) => referenceTo(object))
      .filter(({ kind, namespace }) => kind !== 'Namespace' && namespace !== NAMESPACE);
    assert.deepEqual(elsewhere, []);
  });

  const kustomizations = new Kustomizations(api, NAMESPACE);
  await report.case('Flux, locked down, applies all of it with the rights of its account', async () => {
    await host.end(flux.controller);
    await removeFluxObjects(api, flux.namespace);
    await startKustomizeController(host, kubeconfig, lockDown);
    await trustTheFakeGraph(checkout, ca);
    // What an administrator does, once.
    await command('apply', '--kustomize', join(checkout.folder, `dist/k8s/${environment.name}/ns`));
    const gitSecret = environment.settings.git.secret;
    await makeFluxSecrets(api, { namespace: NAMESPACE, gitSecret, git: flux.git });
    await flux.applyClusterFolder();
    const commit = await checkout.head();
    for (const name of ['email-relay-app', 'email-relay-flux', 'email-relay-images']) {
      await kustomizations.ready(name, commit, 90);
    }
  });

  await report.case('the relay takes mail as before', async () => {
    const { clients, sender, relay, from, internet } = mail;
    const subject = 'e2e-tenant';
    const [sent] = await clients.send(sender, relay, { from, to: 'you@good.example', subject });
    assert.match(sent?.reply ?? String(sent?.why), /^250 /);
    await until(
      'the mail in the ledger',
      async () => internet.ledger().find(({ messageId }) => messageId.includes(`${subject}@`)),
      { seconds: 60 },
    );
  });

  await report.case('that account may do nothing else', async () => {
    const may = async (...what: string[]): Promise<string> => {
      const as = `--as=system:serviceaccount:${NAMESPACE}:${tenantAccount}`;
      // It says no by its exit code, too.
      return command('auth', 'can-i', as, ...what).then(
        (answer) => answer.trim(),
        () => 'no',
      );
    };
    const own = ['--namespace', NAMESPACE];
    assert.equal(await may('patch', 'deployments', ...own), 'yes');
    const refused = [
      ['get', 'secrets', '--namespace', 'kube-system'],
      ['create', 'rolebindings', ...own],
      ['create', 'pods/exec', ...own],
      ['patch', 'namespaces', NAMESPACE],
    ];
    for (const what of refused) assert.equal(await may(...what), 'no', what.join(' '));
  });

  await report.case('a reference to a source in another namespace is refused', async () => {
    const { apiVersion, kind, spec } = await kustomizations.get('email-relay-app');
    const foreign = asKubeObject({
      apiVersion,
      kind,
      metadata: { name: 'foreign', namespace: 'default' },
      spec: {
        ...Object(spec),
        sourceRef: { kind: 'GitRepository', name: 'email-relay', namespace: NAMESPACE },
      },
    });
    await api.create(foreign);
    const message = await until('the controller to look at it', async () => {
      const found = await api.get(referenceTo(foreign));
      return found === undefined ? undefined : readyOf(found)?.message;
    });
    assert.match(message, /cross-namespace references have been blocked/);
  });
}

/** Changes the setting and the markers, as docs/settings.md says, and renders. */
async function chooseTenant(checkout: Checkout, { name, file }: Environment): Promise<void> {
  checkout.edit(file, (text) => text.replace(/\n\}\);\n$/, "\n  flux: { profile: 'tenant' },\n});\n"));
  checkout.edit(`app/images/${name}.yaml`, (text) => text.replaceAll('"flux-system:', `"${NAMESPACE}:`));
  await run('npm', ['run', '-s', 'synth'], { cwd: checkout.folder });
  assert.equal(globSync('dist/k8s/*/ns/10-tenant.yaml', { cwd: checkout.folder }).length, 1);
}

/** As a person would who moves: nothing that these objects applied is deleted with them. */
async function removeFluxObjects(api: KubeApi, namespace: string): Promise<void> {
  const kinds = [
    ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'],
    ['image.toolkit.fluxcd.io/v1', 'ImageUpdateAutomation'],
    ['image.toolkit.fluxcd.io/v1', 'ImagePolicy'],
    ['image.toolkit.fluxcd.io/v1', 'ImageRepository'],
    ['source.toolkit.fluxcd.io/v1', 'GitRepository'],
  ] as const;
  for (const [apiVersion, kind] of kinds) {
    for (const object of await api.list(apiVersion, kind, namespace)) {
      await api.patch(referenceTo(object), { metadata: { finalizers: null } });
      await api.delete(referenceTo(object));
    }
  }
}
