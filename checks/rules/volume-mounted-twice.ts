import type { Field } from '../field.ts';
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
        const whole = new Map<string, Field>();
        const inside: Field[] = [];
        for (const mount of container.at('volumeMounts').items()) {
          const volume = volumes.get(itemName(mount));
          // Files of Secrets and ConfigMaps may well be wanted in two places: nothing is written there.
          const writable = ['persistentVolumeClaim', 'emptyDir', 'ephemeral'].some(
            (kind) => volume?.at(kind).exists,
          );
          if (!writable || mount.at('readOnly').value === true) continue;
          if (!mount.at('subPath').exists && !mount.at('subPathExpr').exists)
            whole.set(itemName(mount), mount);
          else inside.push(mount);
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
        for (const mount of inside) {
          const outer = whole.get(itemName(mount))?.at('mountPath').text;
          if (outer !== undefined) {
            yield { at: mount, message: `its directory also shows below ${outer}`, severity: 'warning' };
          }
        }
      }
    }
  },
};
