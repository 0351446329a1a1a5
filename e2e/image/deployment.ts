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
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  resources: z.object({ limits: z.object({ memory: z.string() }) }),
});

export interface Rendered {
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number;
  readonly gid: number;
  /** In bytes. */
  readonly memory: number;
}

/** How the environment prod runs mx-validator. */
export function renderedContainer(root: string): Rendered {
  const file = join(root, 'dist/k8s/prod/20-deployment.yaml');
  const pod = deployment.parse(parse(readFileSync(file, 'utf8'))).spec.template.spec;
  const { env, resources } = relayContainer.parse(pod.containers.find(({ name }) => name === 'mx-validator'));
  return {
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
    uid: pod.securityContext.runAsUser,
    gid: pod.securityContext.runAsGroup,
    memory: quantityValue(resources.limits.memory) ?? Number.NaN,
  };
}
