import { z } from 'zod';

import type { KubeObject } from './api.ts';

const workload = z.object({
  spec: z.object({
    template: z.object({
      metadata: z.looseObject({
        labels: z.record(z.string(), z.string()).optional(),
        annotations: z.record(z.string(), z.string()).optional(),
      }),
      spec: z.looseObject({
        containers: z.array(z.looseObject({ name: z.string(), image: z.string() })),
        volumes: z.array(z.looseObject({ name: z.string() })).optional(),
      }),
    }),
  }),
});

export type PodSpec = z.infer<typeof workload>['spec']['template']['spec'];

/** The pod template of a Deployment. */
export function templateOf(deployment: KubeObject): z.infer<typeof workload>['spec']['template'] {
  return workload.parse(deployment).spec.template;
}

/** A Pod of a Deployment's template: Pod Security only warns about a Deployment, and refuses a Pod. */
export function podFrom(deployment: KubeObject): KubeObject {
  const { metadata, spec } = templateOf(deployment);
  const { name, namespace } = deployment.metadata;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `${name}-probe`, namespace }, spec };
}

/** A Deployment with another pod template spec. */
export function withPodSpec(deployment: KubeObject, change: (spec: PodSpec) => PodSpec): KubeObject {
  const { spec } = z.looseObject({ spec: z.looseObject({}) }).parse(deployment);
  const template = templateOf(deployment);
  return { ...deployment, spec: { ...spec, template: { ...template, spec: change(template.spec) } } };
}
