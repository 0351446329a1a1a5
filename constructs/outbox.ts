import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { IContainer } from 'kubernetes-models/v1/Container';
import { files, paths, ports } from '../relay-src/outbox/contract.ts';
import { type ContainerResources, hardenedContainer } from './hardened-container.ts';
import { labels } from './labels.ts';
import { native } from './native.ts';

/** Claim, ConfigMap and Secret of outbox, and its port on the Service. */
export const outboxNames = {
  claim: 'outbox-data',
  config: 'outbox-config',
  credentials: 'outbox-credentials',
  metricsPort: 'outbox-metrics',
} as const;

export interface OutboxProps {
  readonly image: string;
  /** Whether it logs in to its next hop, with the values of the Secret. */
  readonly hasCredentials: boolean;
  /** Folder of a claim with an older queue that is taken over at the start. */
  readonly takesOver?: { readonly claim: string; readonly subPath: string };
  readonly resources: ContainerResources;
}

/** The durable queue, and the last hop: what mx-validator answered with 250 lies in its spool. */
export function outbox(props: OutboxProps): IContainer {
  const { takesOver } = props;
  return hardenedContainer({
    name: 'outbox',
    image: props.image,
    args: ['--config', files.config],
    env: [
      // The owner of the spool's lock: every process here is number 1, so a process id tells nothing.
      { name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    ],
    ports: [{ name: outboxNames.metricsPort, containerPort: ports.metrics, protocol: 'TCP' }],
    volumeMounts: [
      { name: outboxNames.config, mountPath: folderOf(files.config), readOnly: true },
      ...(props.hasCredentials
        ? [{ name: outboxNames.credentials, mountPath: files.credentials, readOnly: true }]
        : []),
      { name: outboxNames.claim, mountPath: files.spool },
      ...(takesOver === undefined
        ? []
        : [{ name: takesOver.claim, mountPath: files.smtp2graph, subPath: takesOver.subPath }]),
    ],
    resources: props.resources,
    // Ready once the spool is its own: after a crash that is when the old process's lease has ended.
    startupProbe: {
      httpGet: { path: paths.ready, port: outboxNames.metricsPort },
      periodSeconds: 2,
      failureThreshold: 150,
    },
    livenessProbe: {
      httpGet: { path: paths.live, port: outboxNames.metricsPort },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    readinessProbe: {
      httpGet: { path: paths.live, port: outboxNames.metricsPort },
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
  });
}

/** The ConfigMap that the program reads at its start, in the file that its arguments name. */
export function outboxConfig(scope: Construct, namespace: string, yaml: string): ApiObject {
  return native(k8s.KubeConfigMap, scope, outboxNames.config, {
    metadata: { name: outboxNames.config, namespace, labels },
    data: { 'outbox.yaml': yaml },
  });
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/'));
}
