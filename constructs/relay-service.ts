import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { labels, RELAY, selectorLabels } from './labels.ts';
import { native } from './native.ts';

export interface ServicePort {
  /** Name of the Service port and of the container port that it leads to. */
  readonly name: string;
  readonly port: number;
}

/** The relay's address in the cluster: port 25 leads to the container's high port. */
export function relayService(scope: Construct, namespace: string, ports: readonly ServicePort[]): ApiObject {
  return native(k8s.KubeService, scope, 'service', {
    metadata: { name: RELAY, namespace, labels },
    spec: {
      selector: selectorLabels,
      ports: ports.map(({ name, port }) => ({
        name,
        port,
        targetPort: k8s.IntOrString.fromString(name),
        protocol: 'TCP',
      })),
    },
  });
}
