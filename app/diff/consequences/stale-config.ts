import { itemName, podsOf, secretsOfVolume, volumesOf } from '../../../checks/pod.ts';
import { type ConsequenceKind, kindOf, objectKey } from '../consequence.ts';

/** A Secret or ConfigMap that changes while the pods that read it do not. */
export const staleConfig: ConsequenceKind = {
  id: 'stale-config',
  title: 'running pods keep an older value',
  reference:
    'https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically',
  transition: true,
  *find({ changes, after }) {
    const restarted = new Set(
      changes
        .filter(({ fields }) => fields.some(({ field }) => field.startsWith('spec.template.')))
        .map(({ key }) => key),
    );
    for (const change of changes) {
      const kind = kindOf(change);
      const name = change.key.split('/').at(-1) ?? '';
      if (change.kind !== 'changed' || !['Secret', 'ConfigMap'].includes(kind)) continue;
      if (!change.fields.some(({ field }) => /^(data|stringData|binaryData)\b/.test(field))) continue;
      for (const pod of podsOf(after.tree)) {
        const { kind: workload, metadata } = pod.workload.document.manifest;
        if (restarted.has(objectKey(pod.workload))) continue;
        const volumes = volumesOf(pod);
        for (const container of pod.allContainers) {
          const refs = [
            ...container
              .at('env')
              .items()
              .map((entry) =>
                entry.at('valueFrom', kind === 'Secret' ? 'secretKeyRef' : 'configMapKeyRef', 'name'),
              ),
            ...container
              .at('envFrom')
              .items()
              .map((entry) => entry.at(kind === 'Secret' ? 'secretRef' : 'configMapRef', 'name')),
          ];
          const mounts = container
            .at('volumeMounts')
            .items()
            .filter((mount) => {
              const volume = volumes.get(itemName(mount));
              if (volume === undefined) return false;
              return kind === 'Secret'
                ? secretsOfVolume(volume).includes(name)
                : volume.at('configMap', 'name').text === name;
            });
          const fixed =
            refs.some(({ text }) => text === name) || mounts.some((mount) => mount.at('subPath').exists);
          if (!fixed && mounts.length === 0) continue;
          yield {
            weight: fixed ? 'caution' : 'note',
            object: change.key,
            fields: [],
            says: fixed
              ? `container ${itemName(container)} of ${metadata?.name ?? ''} keeps the old value until it restarts`
              : `container ${itemName(container)} of ${metadata?.name ?? ''} finds the new files within about a minute, if it reads them anew`,
            ...(fixed
              ? {
                  todo: `kubectl -n ${pod.namespace} rollout restart ${workload.toLowerCase()}/${metadata?.name ?? ''}`,
                }
              : {}),
          };
        }
      }
    }
  },
};
