import type { Rule } from '../rule.ts';

/** Versions that no supported release serves any more: Kubernetes up to 1.34, Flux up to 2.9; and what to use. */
const REMOVED: Readonly<Record<string, string>> = {
  'extensions/v1beta1': 'apps/v1 or networking.k8s.io/v1',
  'apps/v1beta1': 'apps/v1',
  'apps/v1beta2': 'apps/v1',
  'batch/v1beta1': 'batch/v1',
  'autoscaling/v2beta1': 'autoscaling/v2',
  'autoscaling/v2beta2': 'autoscaling/v2',
  'policy/v1beta1': 'policy/v1',
  'networking.k8s.io/v1beta1 Ingress': 'networking.k8s.io/v1',
  'networking.k8s.io/v1beta1 IngressClass': 'networking.k8s.io/v1',
  'rbac.authorization.k8s.io/v1alpha1': 'rbac.authorization.k8s.io/v1',
  'rbac.authorization.k8s.io/v1beta1': 'rbac.authorization.k8s.io/v1',
  'apiextensions.k8s.io/v1beta1': 'apiextensions.k8s.io/v1',
  'admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration': 'admissionregistration.k8s.io/v1',
  'admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration': 'admissionregistration.k8s.io/v1',
  'scheduling.k8s.io/v1beta1': 'scheduling.k8s.io/v1',
  'coordination.k8s.io/v1beta1 Lease': 'coordination.k8s.io/v1',
  'discovery.k8s.io/v1beta1': 'discovery.k8s.io/v1',
  'storage.k8s.io/v1beta1 StorageClass': 'storage.k8s.io/v1',
  'storage.k8s.io/v1beta1 CSIDriver': 'storage.k8s.io/v1',
  'source.toolkit.fluxcd.io/v1beta1': 'source.toolkit.fluxcd.io/v1',
  'source.toolkit.fluxcd.io/v1beta2': 'source.toolkit.fluxcd.io/v1',
  'kustomize.toolkit.fluxcd.io/v1beta1': 'kustomize.toolkit.fluxcd.io/v1',
  'kustomize.toolkit.fluxcd.io/v1beta2': 'kustomize.toolkit.fluxcd.io/v1',
  'helm.toolkit.fluxcd.io/v2beta1': 'helm.toolkit.fluxcd.io/v2',
  'helm.toolkit.fluxcd.io/v2beta2': 'helm.toolkit.fluxcd.io/v2',
  'image.toolkit.fluxcd.io/v1alpha1': 'image.toolkit.fluxcd.io/v1',
  'image.toolkit.fluxcd.io/v1alpha2': 'image.toolkit.fluxcd.io/v1',
  'image.toolkit.fluxcd.io/v1beta1': 'image.toolkit.fluxcd.io/v1',
  'image.toolkit.fluxcd.io/v1beta2': 'image.toolkit.fluxcd.io/v1',
  'notification.toolkit.fluxcd.io/v1beta1': 'notification.toolkit.fluxcd.io/v1 or v1beta3',
  'notification.toolkit.fluxcd.io/v1beta2': 'notification.toolkit.fluxcd.io/v1 or v1beta3',
};

export const apiVersionServed: Rule = {
  id: 'api-version-served',
  reason: 'An API version that the cluster no longer serves stops the whole Kustomization.',
  remedy: 'Use the version that is served by Kubernetes 1.34 and Flux 2.9, and check renamed fields.',
  reference: 'https://kubernetes.io/docs/reference/using-api/deprecation-guide/',
  *check(tree) {
    for (const root of tree.roots) {
      const { apiVersion, kind } = root.document.manifest;
      const replacement = REMOVED[apiVersion] ?? REMOVED[`${apiVersion} ${kind}`];
      if (replacement !== undefined) {
        yield { at: root.at('apiVersion'), message: `${apiVersion} is gone; use ${replacement}` };
      }
    }
  },
};
