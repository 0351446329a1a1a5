import type { KubeObject } from './tree.ts';

/** The kustomize index of a folder: exactly these files, in this order. */
export function kustomization(files: readonly string[]): KubeObject {
  return { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: [...files] };
}
