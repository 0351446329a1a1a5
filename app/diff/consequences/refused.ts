import { quantityValue } from '../../../checks/quantity.ts';
import type { FieldChange } from '../../../render/fields.ts';
import { changed, type ConsequenceKind, kindOf, show } from '../consequence.ts';
import type { Field } from '../../../checks/field.ts';

/** Fields that the API server keeps as they were made, by kind; a change of one is refused as a whole. */
const IMMUTABLE: Readonly<Record<string, RegExp>> = {
  'apps/Deployment': /^spec\.selector\b/,
  'apps/DaemonSet': /^spec\.selector\b/,
  'apps/ReplicaSet': /^spec\.selector\b/,
  'apps/StatefulSet':
    /^spec\.(?!replicas|ordinals|template|updateStrategy|revisionHistoryLimit|persistentVolumeClaimRetentionPolicy|minReadySeconds)/,
  Pod: /^spec\.(?!(initC|c)ontainers\[[^\]]*\]\.image$|activeDeadlineSeconds$|tolerations\b|terminationGracePeriodSeconds$)/,
  'batch/Job': /^spec\.(selector|template|completionMode|podFailurePolicy|backoffLimitPerIndex)\b/,
  PersistentVolumeClaim: /^spec\.(?!resources\.requests\.storage|volumeAttributesClassName)/,
  PersistentVolume: /^spec\.(csi|nfs|hostPath|local|nodeAffinity|volumeMode)\b/,
  Service: /^spec\.clusterIPs?\b/,
  Secret: /^type$/,
  'rbac.authorization.k8s.io/RoleBinding': /^roleRef\b/,
  'rbac.authorization.k8s.io/ClusterRoleBinding': /^roleRef\b/,
  'storage.k8s.io/StorageClass': /^(provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/,
  'scheduling.k8s.io/PriorityClass': /^(value|preemptionPolicy)$/,
  'node.k8s.io/RuntimeClass': /^handler$/,
};

/** What the API server refuses: Flux then reports the Kustomization as failed and applies nothing after it. */
export const refused: ConsequenceKind = {
  id: 'refused',
  title: 'the API server refuses it as it is',
  reference:
    'https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources',
  transition: true,
  *find(context) {
    for (const { change, old, now } of changed(context, ...Object.keys(IMMUTABLE), 'ConfigMap')) {
      const kind = kindOf(change);
      const fields = change.fields.filter(({ field }) => IMMUTABLE[kind]?.test(field) === true);
      if (fields.length > 0) {
        yield {
          weight: 'danger',
          object: change.key,
          fields: fields.map(({ field }) => field),
          says: `is refused: ${fields.map(sayChange).join(', ')} cannot change once the object exists`,
          todo: howToReplace(kind, now),
        };
      }
      if (
        old.at('immutable').value === true &&
        change.fields.some(({ field }) => /^(data|stringData|binaryData|immutable)\b/.test(field))
      ) {
        yield {
          weight: 'danger',
          object: change.key,
          fields: change.fields.map(({ field }) => field),
          says: 'is refused: the object is marked immutable',
          todo: `Give it another name, or delete it first: ${kubectl(now, 'delete')}.`,
        };
      }
    }
    for (const { change, now } of changed(context, 'PersistentVolumeClaim')) {
      const size = change.fields.find(({ field }) => field === 'spec.resources.requests.storage');
      const [from, to] = [quantityValue(size?.before), quantityValue(size?.after)];
      if (size === undefined || from === undefined || to === undefined) continue;
      yield to < from
        ? {
            weight: 'danger',
            object: change.key,
            fields: [size.field],
            says: `is refused: a claim cannot shrink (${sayChange(size)})`,
            todo: `Keep ${show(size.before)}; a smaller volume needs another claim, and its data copied to it before.`,
          }
        : {
            weight: 'note',
            object: change.key,
            fields: [size.field],
            says: `grows the volume (${sayChange(size)}); refused where the storage class has no allowVolumeExpansion, and never shrinks again`,
            todo: `Look first: kubectl get storageclass ${now.at('spec', 'storageClassName').text ?? ''}`.trimEnd(),
          };
    }
    for (const { change, old, now } of changed(context, 'apps/Deployment')) {
      const recreate = now.at('spec', 'strategy', 'type').text === 'Recreate';
      const rolled = (old.at('spec', 'strategy', 'type').text ?? 'RollingUpdate') === 'RollingUpdate';
      // Parameters that the manifest set are taken back with it; those that the API server filled in stay.
      const rolling = old.at('spec', 'strategy', 'rollingUpdate');
      const setByUs = rolling.at('maxSurge').exists && rolling.at('maxUnavailable').exists;
      if (!recreate || !rolled || setByUs) continue;
      yield {
        weight: 'danger',
        object: change.key,
        fields: ['spec.strategy.type'],
        says: 'is refused: the live Deployment has a rollingUpdate that the API server filled in, and "may not be specified when strategy type is Recreate"',
        todo: `Once, before it is applied: ${kubectl(now, 'patch')} --type=merge -p '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'.`,
      };
    }
  },
};

function sayChange({ field, before, after }: FieldChange): string {
  return `${field} from ${show(before)} to ${show(after)}`;
}

function kubectl(root: Field, verb: string): string {
  const namespace = root.at('metadata', 'namespace').text;
  const kind = root.document.manifest.kind.toLowerCase();
  return `kubectl ${namespace === undefined ? '' : `-n ${namespace} `}${verb} ${kind} ${root.at('metadata', 'name').text ?? ''}`;
}

function howToReplace(kind: string, root: Field): string {
  if (kind === 'PersistentVolumeClaim' || kind === 'PersistentVolume') {
    return 'Take the change back, or give the claim another name and move its data: deleting it deletes what is on it.';
  }
  if (kind === 'Service') return `Delete it first, which ends its address: ${kubectl(root, 'delete')}.`;
  if (kind.startsWith('apps/')) {
    return `Delete it first and leave its pods: ${kubectl(root, 'delete')} --cascade=orphan; pods that the new selector does not match are then to be deleted by hand.`;
  }
  return `Delete it first: ${kubectl(root, 'delete')}; Flux makes it anew.`;
}
