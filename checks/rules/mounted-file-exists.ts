import type { Field } from '../field.ts';
import { itemName, mountOf, podsOf, volumesOf } from '../pod.ts';
import type { Pod } from '../pod.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

interface Directory {
  readonly path: string;
  readonly object: string;
  readonly files: ReadonlySet<string>;
}

/** Directories of a container that hold the keys of one Secret or ConfigMap, and nothing else. */
function directories(tree: Tree, pod: Pod, container: Field): readonly Directory[] {
  const volumes = volumesOf(pod);
  return container
    .at('volumeMounts')
    .items()
    .flatMap((mount) => {
      const volume = volumes.get(itemName(mount));
      const path = mount.at('mountPath').text;
      if (volume === undefined || path === undefined || mount.at('subPath').exists) return [];
      const secret = volume.at('secret', 'secretName').text;
      const name = secret ?? volume.at('configMap', 'name').text;
      const kind = secret === undefined ? 'ConfigMap' : 'Secret';
      const object = name === undefined ? undefined : tree.find(kind, pod.namespace, name);
      if (object === undefined) return [];
      const items = volume.at(secret === undefined ? 'configMap' : 'secret', 'items').items();
      const keys = ['data', 'stringData', 'binaryData'].flatMap((part) =>
        object
          .at(part)
          .entries()
          .map(([key]) => key),
      );
      const files = items.length > 0 ? items.flatMap((item) => item.at('path').text ?? []) : keys;
      return [{ path: `${path.replace(/\/$/, '')}/`, object: `${kind} ${name}`, files: new Set(files) }];
    });
}

export const mountedFileExists: Rule = {
  id: 'mounted-file-exists',
  reason: 'A program that is told to read a file which no Secret or ConfigMap holds stops at start.',
  remedy: 'Let the path end in a key of the mounted object.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      for (const container of pod.allContainers) {
        const mounted = directories(tree, pod, container);
        const values = [
          ...container
            .at('env')
            .items()
            .map((entry) => entry.at('value')),
          ...container.at('command').items(),
          ...container.at('args').items(),
        ];
        for (const value of values) {
          const path = /^(?:--?[\w-]+=)?(\/.*)$/.exec(value.text ?? '')?.[1];
          const directory = mounted.find((candidate) => path?.startsWith(candidate.path));
          if (path === undefined || directory === undefined) continue;
          const innermost = mountOf(container, path)?.at('mountPath').text?.replace(/\/$/, '');
          if (`${innermost}/` !== directory.path) continue;
          const file = path.slice(directory.path.length);
          if (file !== '' && !directory.files.has(file)) {
            yield {
              at: value,
              message: `${directory.object} has no key "${file}"; it has ${[...directory.files].join(', ')}`,
              severity: tree.doubt,
            };
          }
        }
      }
    }
  },
};
