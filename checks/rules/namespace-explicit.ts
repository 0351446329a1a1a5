import type { Rule } from '../rule.ts';
import { groupKind } from '../tree.ts';

/** Kinds with a namespace that an environment may hold; a kind that is not listed is not judged. */
const NAMESPACED = new Set([
  'apps/Deployment',
  'apps/StatefulSet',
  'apps/DaemonSet',
  'batch/Job',
  'batch/CronJob',
  'ConfigMap',
  'PersistentVolumeClaim',
  'Pod',
  'Secret',
  'Service',
  'ServiceAccount',
  'networking.k8s.io/NetworkPolicy',
  'networking.k8s.io/Ingress',
  'policy/PodDisruptionBudget',
  'monitoring.coreos.com/ServiceMonitor',
  'monitoring.coreos.com/PodMonitor',
  'monitoring.coreos.com/PrometheusRule',
  'source.toolkit.fluxcd.io/GitRepository',
  'kustomize.toolkit.fluxcd.io/Kustomization',
  'image.toolkit.fluxcd.io/ImageRepository',
  'image.toolkit.fluxcd.io/ImagePolicy',
  'image.toolkit.fluxcd.io/ImageUpdateAutomation',
]);

export const namespaceExplicit: Rule = {
  id: 'namespace-explicit',
  reason: 'Without a namespace an object lands wherever the one who applies it happens to be.',
  remedy: 'Set metadata.namespace on the object, or namespace in the kustomization.yaml of its folder.',
  reference: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/',
  *check(tree) {
    // Elsewhere a namespace also comes from Flux's targetNamespace, or from the one who applies.
    if (!tree.complete) return;
    const indexes = tree.of('kustomize.config.k8s.io/Kustomization');
    if (indexes.some((index) => index.at('namespace').exists)) return;
    for (const root of tree.roots) {
      const namespace = root.at('metadata', 'namespace');
      if (NAMESPACED.has(groupKind(root)) && !namespace.exists) {
        yield { at: namespace, message: `no namespace is set for this ${root.document.manifest.kind}` };
      }
    }
  },
};
