import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

import { quantityValue } from '../../checks/quantity.ts';

/** The parts of a rendered Deployment that say how a container is run. */
const deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.array(z.looseObject({ name: z.string() })),
        securityContext: z.object({ runAsUser: z.number(), runAsGroup: z.number() }),
      }),
    }),
  }),
});

const relayContainer = z.object({
  args: z.array(z.string()).default([]),
  // A value that comes from the Pod itself is any text here.
  env: z.array(z.object({ name: z.string(), value: z.string().default('from-the-pod') })),
  resources: z.object({ limits: z.object({ memory: z.string() }) }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })).default([]),
});

export interface Rendered {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  /** In bytes. */
  readonly memory: number;
  /** Paths by the name of their volume, which is that of the claim, Secret or ConfigMap. */
  readonly mounts: ReadonlyMap<string, string>;
}

/** How the environment prod runs one of its containers. */
export function renderedContainer(root: string, name: string): Rendered {
  const file = join(root, 'dist/k8s/prod/20-deployment.yaml');
  const pod = deployment.parse(parse(readFileSync(file, 'utf8'))).spec.template.spec;
  const container = pod.containers.find((candidate) => candidate.name === name);
  const { args, env, resources, volumeMounts } = relayContainer.parse(container);
  return {
    args,
    env: Object.fromEntries(env.map((variable) => [variable.name, variable.value])),
    uid: pod.securityContext.runAsUser,
    gid: pod.securityContext.runAsGroup,
    memory: quantityValue(resources.limits.memory) ?? Number.NaN,
    mounts: new Map(volumeMounts.map((mount) => [mount.name, mount.mountPath])),
  };
}
