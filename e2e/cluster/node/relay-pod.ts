import { z } from 'zod';

import { until } from '../../up/until.ts';
import type { KubeApi, KubeObject } from '../api.ts';

const status = z.object({
  podIP: z.string().optional(),
  conditions: z
    .array(z.object({ type: z.string(), status: z.string(), lastTransitionTime: z.string() }))
    .default([]),
  containerStatuses: z
    .array(
      z.object({
        name: z.string(),
        image: z.string(),
        ready: z.boolean(),
        restartCount: z.number(),
        state: z.unknown(),
      }),
    )
    .default([]),
});

/** The pod of the relay, whichever it is by now. */
export class RelayPod {
  readonly #api: KubeApi;
  readonly #namespace: string;

  constructor(api: KubeApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** Waits until there is one pod, and it is ready. */
  async ready(seconds = 90): Promise<KubeObject> {
    return until(
      'the pod of the relay',
      async () => {
        const pods = await this.#api.list('v1', 'Pod', this.#namespace);
        const [pod, ...others] = pods.filter(({ metadata }) => metadata.labels?.['app'] === 'email-relay');
        if (pod === undefined || others.length > 0) return undefined;
        if (readyTime(pod) !== undefined) return pod;
        throw new Error(JSON.stringify(containerStatuses(pod).map(({ name, state }) => ({ name, state }))));
      },
      { seconds },
    );
  }

  async address(): Promise<string> {
    return status.parse((await this.ready())['status']).podIP ?? '';
  }

  async name(): Promise<string> {
    return (await this.ready()).metadata.name;
  }
}

/** When a pod became ready, in milliseconds; undefined while it is not. */
export function readyTime(pod: KubeObject): number | undefined {
  const { conditions } = status.parse(pod['status'] ?? {});
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' ? Date.parse(ready.lastTransitionTime) : undefined;
}

/** What the kubelet says about each container. */
export function containerStatuses(pod: KubeObject): z.infer<typeof status>['containerStatuses'] {
  return status.parse(pod['status'] ?? {}).containerStatuses;
}
