import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Report } from '../../smoke/report.ts';
import { until } from '../../up/until.ts';
import { ApiError, at, describe, referenceTo } from '../api.ts';
import type { KubeApi, KubeObject } from '../api.ts';
import { podFrom } from '../pod-template.ts';
import { find, readTree } from '../tree.ts';
import type { Placed } from '../tree.ts';
import { checkoutDist, olderVersion } from '../versions.ts';

/** As whom Flux applies. */
const manager = 'kustomize-controller';

/** What the API server itself makes of every object, with strict field validation. */
export async function acceptedCases(
  report: Report,
  { api, tree, scratch }: { api: KubeApi; tree: readonly Placed[]; scratch: string },
): Promise<void> {
  const older = await olderVersion();
  await report.case(`an update from ${older} is accepted`, async () => {
    const before = await readTree(await checkoutDist(older, join(scratch, 'older')));
    await applyAll(api, before);
    await applyAll(api, tree);
    await deleteAll(api, [...tree, ...before]);
  });

  let first: readonly KubeObject[] = [];
  await report.case(`each of ${tree.length} objects is accepted, without a warning`, async () => {
    first = await applyAll(api, tree);
  });
  await report.case('applied again, nothing changes', async () => {
    // The time of our last change is kept in whole seconds.
    await delay(1000);
    assert.deepEqual((await applyAll(api, tree)).map(lastChange), first.map(lastChange));
  });
  await report.case('a Pod of the template is admitted under Pod Security restricted', async () => {
    const namespace = find(tree, 'Namespace');
    assert.equal(namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
    await admit(api, podFrom(find(tree, 'Deployment')));
  });
}

/** Applies a tree; a warning, which is what Pod Security says about a Deployment, is a failure. */
export async function applyAll(
  api: KubeApi,
  tree: readonly Placed[],
  { dryRun = false } = {},
): Promise<KubeObject[]> {
  const applied: KubeObject[] = [];
  for (const { file, object } of tree) {
    const answer = await api.apply(object, { manager, force: true, dryRun }).catch((error: unknown) => {
      throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
    });
    assert.deepEqual(answer.warnings, [], `${file}: ${describe(referenceTo(object))}`);
    applied.push(answer.object);
  }
  return applied;
}

/** Has a Pod admitted without keeping it; waits for the service account that its namespace gets. */
export async function admit(api: KubeApi, pod: KubeObject): Promise<void> {
  await until('the service account of the namespace', async () =>
    api.get({ apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', namespace: pod.metadata.namespace }),
  );
  await api.create(pod, { dryRun: true });
}

/** Deletes all but namespaces, and waits until it is gone: claims wait for the pods that use them. */
export async function deleteAll(api: KubeApi, tree: readonly Placed[]): Promise<void> {
  const references = tree.map(({ object }) => referenceTo(object)).filter(({ kind }) => kind !== 'Namespace');
  for (const reference of references) await ignoringMissingKinds(() => api.delete(reference));
  for (const reference of references) {
    await until(`${describe(reference)} to be gone`, async () =>
      (await ignoringMissingKinds(() => api.get(reference))) === undefined ? true : undefined,
    );
  }
}

async function ignoringMissingKinds<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** What the API server remembers of the last apply that changed something: the fields, and when. */
function lastChange({ metadata }: KubeObject): unknown {
  const entries: unknown = metadata['managedFields'];
  const own = Array.isArray(entries) ? entries.find((entry) => at(entry, 'manager') === manager) : undefined;
  assert(own !== undefined, `${metadata.name} has no field of ours`);
  return [metadata.name, metadata.generation, own];
}
