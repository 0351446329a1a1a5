import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

import type { Report } from '../../smoke/report.ts';
import { at, describe, referenceTo } from '../api.ts';
import type { KubeApi, KubeObject } from '../api.ts';
import { inventoryOf, readyOf } from '../flux/conditions.ts';
import type { Kustomizations } from '../flux/conditions.ts';
import type { Checkout } from '../flux/repository.ts';
import type { Placed } from '../tree.ts';

export interface FluxWorld {
  readonly api: KubeApi;
  readonly checkout: Checkout;
  readonly kustomizations: Kustomizations;
  /** `dist/` as committed, secrets decrypted. */
  readonly tree: readonly Placed[];
  readonly environment: string;
}

/** What a first apply brings about. */
export async function firstApplyCases(report: Report, world: FluxWorld): Promise<void> {
  const { api, checkout, kustomizations, tree, environment } = world;
  const commit = await checkout.head();
  await report.case('from nothing: the namespace, then everything in it, all ready', async () => {
    const namespace = await kustomizations.ready('email-relay-ns', commit);
    await kustomizations.ready('email-relay-app', commit, 120);
    const deployment = await api.get(reference(tree, 'Deployment'));
    assert(created(deployment) >= new Date(readyOf(namespace)?.lastTransitionTime ?? '').getTime());
  });
  await report.case(
    'the cluster folder keeps itself applied, and the image objects are on their own',
    async () => {
      await kustomizations.ready('email-relay-flux', commit);
      await kustomizations.ready('email-relay-images', commit);
    },
  );

  const applied = tree.filter(({ file }) => file.startsWith(`k8s/${environment}/`));
  await report.case(`the inventories list the ${applied.length} objects of dist/k8s, no other`, async () => {
    const listed = await Promise.all(
      ['email-relay-ns', 'email-relay-app'].map((name) => kustomizations.get(name)),
    );
    assert.deepEqual(
      listed.flatMap(inventoryOf).toSorted(),
      applied.map(({ object }) => inventoryId(object)).toSorted(),
    );
  });
  await report.case('secrets are in the cluster as sops decrypts them', async () => {
    for (const { object } of applied.filter(({ object: { kind } }) => kind === 'Secret')) {
      const live = await api.get(referenceTo(object));
      const clear = Object.entries(Object(object['stringData'])).map(([key, value]) => [
        key,
        Buffer.from(String(value)).toString('base64'),
      ]);
      assert.deepEqual(Object(live?.['data']), Object.fromEntries(clear), object.metadata.name);
      assert.equal(live?.['sops'], undefined);
    }
  });
  await report.case('a second reconcile changes nothing', async () => {
    const changes = async (): Promise<unknown> =>
      Promise.all(applied.map(async ({ object }) => lastApply(await api.get(referenceTo(object)))));
    const before = await changes();
    const again = await kustomizations.reconcile('email-relay-app');
    assert.equal(readyOf(again)?.status, 'True', readyOf(again)?.message);
    assert.deepEqual(await changes(), before);
  });
}

/** What commits do to a cluster that has been running: good ones, and bad ones. */
export async function commitCases(report: Report, world: FluxWorld): Promise<void> {
  const { api, checkout, kustomizations, tree, environment } = world;
  const folder = `dist/k8s/${environment}`;
  const before = await checkout.head();
  const back = async (): Promise<void> => {
    await checkout.reset(before);
    await kustomizations.ready('email-relay-app', before);
    await kustomizations.ready('email-relay-ns', before);
  };

  await report.case('what leaves dist/ is pruned, but never the namespace, nor a claim', async () => {
    leave(checkout, folder, '50-servicemonitor.yaml');
    leave(checkout, folder, '25-pvc-mailpit.yaml');
    exchange(checkout, `${folder}/ns`, '00-namespace.yaml');
    const commit = await checkout.commit('Leave out an object that may go, and two that may not');
    await kustomizations.ready('email-relay-ns', commit);
    await kustomizations.ready('email-relay-app', commit);
    assert.equal(
      await api.get(reference(tree, 'ServiceMonitor')),
      undefined,
      'the ServiceMonitor is still there',
    );
    for (const kind of ['Namespace', 'PersistentVolumeClaim']) {
      const kept = await api.get(reference(tree, kind));
      assert(
        kept !== undefined && at(kept, 'metadata', 'deletionTimestamp') === undefined,
        `${kind} was deleted`,
      );
    }
    await back();
  });

  await report.case('a broken commit is reported with its reason, and nothing of it is applied', async () => {
    checkout.edit(`${folder}/30-service.yaml`, (text) => text.replace('port: 25\n', 'port: 26\n'));
    checkout.edit(`${folder}/20-deployment.yaml`, (text) =>
      text.replace(/^( +- name: )mailpit-data\n( +persistentVolumeClaim:)$/m, '$1other-data\n$2'),
    );
    const commit = await checkout.commit('Break the Deployment, and change the Service');
    const message = await kustomizations.refused('email-relay-app', commit);
    assert.match(message, /Deployment\/email-relay\/email-relay .*volumeMounts.*Not found: "mailpit-data"/s);
    assert.equal(at(await api.get(reference(tree, 'Service')), 'spec', 'ports', 0, 'port'), 25);
    await back();
  });

  await report.case(
    'defect: kustomize-controller drops a field that does not exist, and says Ready',
    async () => {
      checkout.edit(`${folder}/20-deployment.yaml`, (text) =>
        text.replace(/^( +)(readOnlyRootFilesystem: true)$/m, '$1$2\n$1readOnlyRootFileSystem: true'),
      );
      const commit = await checkout.commit('Misspell a field');
      await kustomizations.ready('email-relay-app', commit);
      const live = JSON.stringify(await api.get(reference(tree, 'Deployment')));
      assert(
        !live.includes('"readOnlyRootFileSystem"'),
        'it is no longer dropped: then the API server names it',
      );
      await back();
    },
  );
}

function reference(tree: readonly Placed[], kind: string) {
  const found = tree.find(({ object }) => object.kind === kind);
  assert(found !== undefined, `there is no ${kind} in dist/`);
  return referenceTo(found.object);
}

/** `namespace_name_group_Kind`, as Flux's inventory writes it. */
function inventoryId({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${metadata.namespace ?? ''}_${metadata.name}_${group}_${kind}`;
}

/** What the API server remembers of Flux's last apply that changed something. */
function lastApply(object: KubeObject | undefined): unknown {
  assert(object !== undefined);
  const entries: unknown = object.metadata['managedFields'];
  assert(Array.isArray(entries));
  return [
    describe(referenceTo(object)),
    object.metadata.generation,
    entries.find((entry) => at(entry, 'manager') === 'kustomize-controller'),
  ];
}

function created(object: KubeObject | undefined): number {
  return new Date(object?.metadata.creationTimestamp ?? 0).getTime();
}

/** Removes a file from a rendered folder and from its index. */
function leave(checkout: Checkout, folder: string, file: string): void {
  rmSync(join(checkout.folder, folder, file));
  checkout.edit(`${folder}/kustomization.yaml`, (text) => text.replace(`  - ${file}\n`, ''));
}

/** Puts another object into the place of the only one of a folder, since an empty index is an error. */
function exchange(checkout: Checkout, folder: string, file: string): void {
  const metadata = { name: 'in-place-of-the-namespace', namespace: 'flux-system' };
  writeFileSync(
    join(checkout.folder, folder, file),
    stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }),
  );
}
