import { z } from 'zod';

import { asKubeObject } from '../api.ts';
import type { KubeApi } from '../api.ts';
import type { Host } from '../host.ts';
import type { Placed } from '../tree.ts';
import { nodeName } from './kubelet.ts';

const claim = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    accessModes: z.array(z.string()),
    resources: z.object({ requests: z.object({ storage: z.string() }) }),
    storageClassName: z.string().optional(),
  }),
});

/** A volume for every claim: local ones, to which fsGroup applies as to those of real storage. */
export async function makeVolumes(host: Host, api: KubeApi, tree: readonly Placed[]): Promise<void> {
  const claims = tree.filter(({ object }) => object.kind === 'PersistentVolumeClaim');
  for (const { object } of claims) {
    const { metadata, spec } = claim.parse(object);
    await api.apply(asKubeObject(volume(metadata, spec, host.path('volumes', metadata.name))), {
      manager: 'e2e',
    });
  }
}

type Claim = z.infer<typeof claim>;

function volume({ name, namespace }: Claim['metadata'], spec: Claim['spec'], path: string): unknown {
  const hostname = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace },
      ...(spec.storageClassName === undefined ? {} : { storageClassName: spec.storageClassName }),
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [hostname] }] } },
    },
  };
}
