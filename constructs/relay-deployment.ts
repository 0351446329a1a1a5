import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IContainer } from 'kubernetes-models/v1/Container';
import { podSecurity } from './hardened-container.ts';
import { labels, RELAY, selectorLabels } from './labels.ts';

export interface RelayDeploymentProps {
  readonly namespace: string;
  readonly containers: readonly IContainer[];
  readonly claims: readonly string[];
  /** Secrets that are mounted, each as a whole directory: a subPath mount is never refreshed. */
  readonly secrets: readonly string[];
  /** ConfigMaps that are mounted, each as a whole directory. */
  readonly configMaps: readonly string[];
  /** SHA-256 of each Secret file and ConfigMap whose program reads it only at start: a new one restarts the pod. */
  readonly checksums: Readonly<Record<string, string>>;
  readonly pullSecret?: string;
  readonly gracePeriodSeconds: number;
}

/**
 * The relay's one pod. An `ApiObject` and not L1: the preStop sleep is newer than the Kubernetes version that
 * cdk8s-plus-28 was made for.
 */
export class RelayDeployment extends ApiObject {
  constructor(scope: Construct, id: string, props: RelayDeploymentProps) {
    super(scope, id, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: RELAY, namespace: props.namespace, labels },
      spec: {
        replicas: 1,
        revisionHistoryLimit: 3,
        // One writer per volume: a rolling update would start the second before the first has ended.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: selectorLabels },
        template: {
          metadata: {
            labels,
            annotations: Object.fromEntries(
              Object.entries(props.checksums).map(([name, sha256]) => [`checksum/${name}`, sha256]),
            ),
          },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: podSecurity,
            terminationGracePeriodSeconds: props.gracePeriodSeconds,
            ...(props.pullSecret === undefined ? {} : { imagePullSecrets: [{ name: props.pullSecret }] }),
            containers: [...props.containers],
            volumes: [
              ...props.claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
              ...props.secrets.map((name) => ({ name, secret: { secretName: name, defaultMode: 0o440 } })),
              ...props.configMaps.map((name) => ({ name, configMap: { name } })),
            ],
          },
        },
      },
    } satisfies IDeployment);
  }
}
