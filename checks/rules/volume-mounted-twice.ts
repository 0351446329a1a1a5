import { itemName, podsOf, volumesOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const volumeMountedTwice: Rule = {
  id: 'volume-mounted-twice',
  reason: 'Two mounts of one volume are one directory: logs and queue end up in the same place.',
  remedy: 'Give each mount a subPath of its own, or a volume of its own.',
  reference: 'https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      const volumes = volumesOf(pod);
      for (const container of pod.allContainers) {
        const seen = new Map<string, string>();
        for (const mount of container.at('volumeMounts').items()) {
          const volume = volumes.get(itemName(mount));
          // Files of Secrets and ConfigMaps may well be wanted in two places: nothing is written there.
          const writable = ['persistentVolumeClaim', 'emptyDir', 'ephemeral'].some(
            (kind) => volume?.at(kind).exists,
          );
          if (!writable || mount.at('readOnly').value === true) continue;
          const part = `${itemName(mount)} ${mount.at('subPath').text ?? mount.at('subPathExpr').text ?? ''}`;
          const other = seen.get(part);
          const path = mount.at('mountPath').text ?? '';
          if (other !== undefined) {
            yield {
              at: mount,
              message: `${path} and ${other} are the same directory of volume ${itemName(mount)}`,
            };
          }
          seen.set(part, path);
        }
      }
    }
  },
};
