import { ApiObject } from 'cdk8s';
import type { IKustomization } from '@kubernetes-models/flux-cd/kustomize.toolkit.fluxcd.io/v1/Kustomization';
import type { Construct } from 'constructs';

export interface FluxKustomizationProps {
  readonly name: string;
  readonly namespace: string;
  /** Name of the GitRepository in the same namespace. */
  readonly source: string;
  /** Folder in the repository, such as `./dist/k8s/prod`. */
  readonly path: string;
  /** Whether Flux deletes what left the folder. */
  readonly prune: boolean;
  /** What becomes of the objects when this Kustomization is deleted; the default follows `prune`. */
  readonly onDelete?: 'Orphan';
  /** Whether Ready means that everything in the folder is ready. */
  readonly wait: boolean;
  /** Kustomizations of this namespace that must be Ready before. */
  readonly dependsOn?: readonly string[];
  /** Service account of this namespace that applies it; the controller's own when left out. */
  readonly serviceAccount?: string;
  /** Secret with the age key, where the folder holds SOPS files. */
  readonly decryptWith?: string;
  readonly interval: string;
  readonly retryInterval: string;
  readonly timeout: string;
}

/** Applies a folder. */
export class FluxKustomization extends ApiObject {
  constructor(scope: Construct, id: string, props: FluxKustomizationProps) {
    super(scope, id, {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: props.name, namespace: props.namespace },
      spec: {
        sourceRef: { kind: 'GitRepository', name: props.source },
        path: props.path,
        ...(props.dependsOn === undefined ? {} : { dependsOn: props.dependsOn.map((name) => ({ name })) }),
        ...(props.decryptWith === undefined
          ? {}
          : { decryption: { provider: 'sops', secretRef: { name: props.decryptWith } } }),
        ...(props.serviceAccount === undefined ? {} : { serviceAccountName: props.serviceAccount }),
        prune: props.prune,
        ...(props.onDelete === undefined ? {} : { deletionPolicy: props.onDelete }),
        wait: props.wait,
        force: false,
        interval: props.interval,
        retryInterval: props.retryInterval,
        timeout: props.timeout,
      },
    } satisfies IKustomization);
  }
}
