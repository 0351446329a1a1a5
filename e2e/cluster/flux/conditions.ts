import { z } from 'zod';

import { until } from '../../up/until.ts';
import type { KubeApi, KubeObject } from '../api.ts';

const status = z.object({
  conditions: z
    .array(
      z.object({
        type: z.string(),
        status: z.enum(['True', 'False', 'Unknown']),
        reason: z.string(),
        message: z.string(),
        lastTransitionTime: z.string(),
      }),
    )
    .default([]),
  lastAppliedRevision: z.string().default(''),
  lastAttemptedRevision: z.string().default(''),
  inventory: z.object({ entries: z.array(z.object({ id: z.string() })).default([]) }).optional(),
});

export type KustomizationStatus = z.infer<typeof status>;

/** A Kustomization's status as its controller left it. */
export function statusOf(object: KubeObject): KustomizationStatus {
  return status.parse(object['status'] ?? {});
}

/** Its condition Ready. */
export function readyOf(object: KubeObject): KustomizationStatus['conditions'][number] | undefined {
  return statusOf(object).conditions.find(({ type }) => type === 'Ready');
}

/** Ids of all objects that a Kustomization has applied: `namespace_name_group_Kind`. */
export function inventoryOf(object: KubeObject): string[] {
  return (statusOf(object).inventory?.entries ?? []).map(({ id }) => id).toSorted();
}

/** Flux's Kustomizations, by name. */
export class Kustomizations {
  readonly #api: KubeApi;
  readonly #namespace: string;

  constructor(api: KubeApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  async get(name: string): Promise<KubeObject> {
    const found = await this.#api.get({ ...this.#reference(name) });
    if (found === undefined) throw new Error(`there is no Kustomization ${this.#namespace}/${name}`);
    return found;
  }

  /** Waits until a commit has been applied, and all of it is ready. @throws with Flux's own message */
  async ready(name: string, commit: string, seconds = 60): Promise<KubeObject> {
    return until(
      `the Kustomization ${name} at ${commit.slice(0, 8)}`,
      async () => {
        const object = await this.get(name);
        const ready = readyOf(object);
        if (ready?.status === 'True' && statusOf(object).lastAppliedRevision.endsWith(commit)) return object;
        throw new Error(ready?.message ?? 'no word of it');
      },
      { seconds },
    );
  }

  /** Waits until a commit has been tried and refused; returns Flux's message. */
  async refused(name: string, commit: string): Promise<string> {
    return until(
      `the Kustomization ${name} to refuse ${commit.slice(0, 8)}`,
      async () => {
        const object = await this.get(name);
        const ready = readyOf(object);
        const attempted = statusOf(object).lastAttemptedRevision.endsWith(commit);
        return attempted && ready?.status === 'False' ? ready.message : undefined;
      },
      { seconds: 30 },
    );
  }

  /** Has it reconciled at once, as `flux reconcile` does, and waits until the controller has done so. */
  async reconcile(name: string): Promise<KubeObject> {
    const requestedAt = new Date().toISOString();
    await this.#api.patch(this.#reference(name), {
      metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': requestedAt } },
    });
    return until(
      `the Kustomization ${name} to be reconciled`,
      async () => {
        const object = await this.get(name);
        const handled = z
          .object({ lastHandledReconcileAt: z.string().optional() })
          .parse(object['status'] ?? {});
        return handled.lastHandledReconcileAt === requestedAt && readyOf(object)?.status !== 'Unknown'
          ? object
          : undefined;
      },
      { seconds: 30 },
    );
  }

  #reference(name: string) {
    return {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      name,
      namespace: this.#namespace,
    };
  }
}
