import { itemName, podsOf, secretsOfVolume, volumesOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const secretMountedWhole: Rule = {
  id: 'secret-mounted-whole',
  reason: 'A file mounted by subPath keeps its first content: a rotated secret never reaches the pod.',
  remedy: 'Mount the volume as a directory of its own and point the program at the file in it.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      const volumes = volumesOf(pod);
      for (const container of pod.allContainers) {
        for (const mount of container.at('volumeMounts').items()) {
          const volume = volumes.get(itemName(mount));
          const secrets = volume === undefined ? [] : secretsOfVolume(volume);
          const subPath = [mount.at('subPath'), mount.at('subPathExpr')].find((field) => field.exists);
          if (secrets.length > 0 && subPath !== undefined) {
            yield {
              at: subPath,
              message: `Secret ${secrets.join(', ')} is mounted by subPath`,
              severity: tree.doubt,
            };
          }
        }
      }
    }
  },
};
