import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { run } from '../../tools/run.ts';
import { until } from '../../up/until.ts';
import { asKubeObject, at } from '../api.ts';
import type { KubeApi, KubeObject } from '../api.ts';

const script = readFileSync(join(import.meta.dirname, 'probe.ts'), 'utf8');

/** How Node runs the script without a file: a container's root file system is read-only. */
const node = ['/usr/local/bin/node', '--input-type=module-typescript', '--eval', script];

/** The port on which every client pod listens, for others to try. */
export const clientPort = 7777;

const dialled = z.object({ target: z.string(), open: z.boolean(), why: z.string().optional() });
const resolved = z.object({ name: z.string(), address: z.string().optional(), why: z.string().optional() });
const sent = z.object({ subject: z.string(), reply: z.string().optional(), why: z.string().optional() });

/** What became of one mail: the reply to the last command, or why there was none. */
export type Sent = z.infer<typeof sent>;

/** A container in which the script can be run. */
export interface Place {
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string;
}

/** Runs the script in containers, through the API server and the kubelet. */
export class Clients {
  readonly #kubectl: string;
  readonly #kubeconfig: string;

  constructor(kubectl: string, kubeconfig: string) {
    this.#kubectl = kubectl;
    this.#kubeconfig = kubeconfig;
  }

  async dial(from: Place, targets: readonly string[]): Promise<z.infer<typeof dialled>[]> {
    return this.#run(dialled, from, 'dial', ...targets);
  }

  async resolve(from: Place, names: readonly string[]): Promise<z.infer<typeof resolved>[]> {
    return this.#run(resolved, from, 'resolve', ...names);
  }

  /** Sends one mail, or one after the other for some seconds; subjects then end in a number. */
  async send(place: Place, to: string, mail: Mail, seconds?: number): Promise<Sent[]> {
    const more = seconds === undefined ? [] : [String(seconds)];
    return this.#run(sent, place, 'send', to, mail.from, mail.to, mail.subject, ...more);
  }

  async #run<T>(line: z.ZodType<T>, { namespace, pod, container }: Place, ...args: string[]): Promise<T[]> {
    const where = [
      'exec',
      '--namespace',
      namespace,
      pod,
      ...(container === undefined ? [] : ['-c', container]),
    ];
    const output = await run(
      this.#kubectl,
      [`--kubeconfig=${this.#kubeconfig}`, ...where, '--', ...node, ...args],
      {
        cwd: '/',
      },
    );
    return output
      .split('\n')
      .filter(Boolean)
      .map((text) => line.parse(JSON.parse(text)));
  }
}

export interface Mail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
}

/** A namespace with one pod, as an application has it: the image is that of mx-validator, which has Node. */
export async function startClient(api: KubeApi, namespace: string, image: string): Promise<Place> {
  const metadata = { name: 'client', namespace };
  await api.apply(asKubeObject({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }), {
    manager: 'e2e',
  });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'default', namespace };
  await until(`the service account of ${namespace}`, async () => api.get(account));
  await api.create(clientPod(metadata, image));
  return { namespace, pod: metadata.name };
}

/** Waits until the pod of a client runs; returns its address. */
export async function clientAddress(api: KubeApi, { namespace, pod }: Place): Promise<string> {
  return until(
    `the client in ${namespace}`,
    async () => {
      const status = at(await api.get({ apiVersion: 'v1', kind: 'Pod', name: pod, namespace }), 'status');
      const address = at(status, 'podIP');
      return at(status, 'phase') === 'Running' && typeof address === 'string' ? address : undefined;
    },
    { seconds: 60 },
  );
}

function clientPod(metadata: KubeObject['metadata'], image: string): KubeObject {
  const [command, ...args] = [...node, 'serve', String(clientPort)];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'client',
          image,
          command: [command],
          args,
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
