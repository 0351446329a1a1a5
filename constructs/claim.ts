import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { labels, neverPrune } from './labels.ts';
import { native } from './native.ts';

export interface ClaimProps {
  readonly name: string;
  readonly namespace: string;
  /** The cluster's default class when absent. */
  readonly storageClass?: string;
  readonly accessMode: 'ReadWriteOnce' | 'ReadWriteOncePod';
  /** A Kubernetes quantity. */
  readonly size: string;
}

/** A claim with one writer, which Flux never prunes. */
export function claim(scope: Construct, props: ClaimProps): ApiObject {
  return native(k8s.KubePersistentVolumeClaim, scope, props.name, {
    metadata: { name: props.name, namespace: props.namespace, labels, annotations: neverPrune },
    spec: {
      accessModes: [props.accessMode],
      resources: { requests: { storage: k8s.Quantity.fromString(props.size) } },
      ...(props.storageClass === undefined ? {} : { storageClassName: props.storageClass }),
    },
  });
}
