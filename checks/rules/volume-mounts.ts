import { itemName, podsOf, volumesOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const volumeMounts: Rule = {
  id: 'volume-mounts',
  reason: 'A mount without its volume makes the API server refuse the pod, and Flux the whole Kustomization.',
  remedy: 'Mount volumes that the pod defines, each mount at a path of its own.',
  reference: 'https://kubernetes.io/docs/concepts/storage/volumes/',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      const volumes = volumesOf(pod);
      const used = new Set<string>();
      for (const container of pod.allContainers) {
        const paths = new Set<string>();
        for (const mount of container.at('volumeMounts').items()) {
          used.add(itemName(mount));
          if (!volumes.has(itemName(mount))) {
            yield {
              at: mount.at('name'),
              message: `no volume "${itemName(mount)}"; the pod has ${[...volumes.keys()].join(', ') || 'none'}`,
            };
          }
          const path = mount.at('mountPath');
          if (path.text !== undefined && paths.has(path.text))
            yield { at: path, message: `${path.text} is mounted twice` };
          paths.add(path.text ?? '');
        }
        for (const device of container.at('volumeDevices').items()) used.add(itemName(device));
      }
      for (const volume of pod.spec.at('volumes').items()) {
        const sources = volume.entries().filter(([key]) => key !== 'name');
        if (sources.length === 0) {
          yield {
            at: volume,
            message: `volume "${itemName(volume)}" has no source: it is empty at each start`,
            severity: tree.doubt,
          };
        } else if (sources.length > 1) {
          yield { at: volume, message: `volume "${itemName(volume)}" has more than one source` };
        }
      }
      for (const [name, volume] of volumes) {
        if (!used.has(name))
          yield { at: volume, message: `no container mounts volume "${name}"`, severity: 'warning' };
      }
    }
  },
};
