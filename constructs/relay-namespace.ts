import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { labels, neverPrune } from './labels.ts';
import { native } from './native.ts';

/** The namespace, which admits only pods under Pod Security `restricted`. */
export function relayNamespace(scope: Construct, name: string): ApiObject {
  return native(k8s.KubeNamespace, scope, 'namespace', {
    metadata: {
      name,
      labels: {
        ...labels,
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/audit': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      },
      annotations: neverPrune,
    },
  });
}
