import { itemName, mountOf, secretsOfVolume, volumesOf } from '../pod.ts';
import { outboxesOf } from '../outbox.ts';
import type { Outbox } from '../outbox.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

/** What keeps outbox from reading a file that its configuration names. */
function missing(tree: Tree, { pod, container }: Outbox, file: string): string | undefined {
  const mount = mountOf(container, file);
  const volume = mount === undefined ? undefined : volumesOf(pod).get(itemName(mount));
  const folder = mount?.at('mountPath').text?.replace(/\/$/, '') ?? '';
  const key = file.slice(folder.length + 1);
  const [name] = volume === undefined ? [] : secretsOfVolume(volume);
  if (name === undefined) return `${file} is in no Secret that outbox mounts`;
  const secret = tree.find('Secret', pod.namespace, name);
  if (secret === undefined || secret.at('stringData', key).exists || secret.at('data', key).exists)
    return undefined;
  return `Secret ${name} has no key "${key}"`;
}

export const outboxCredentials: Rule = {
  id: 'outbox-credentials',
  reason: 'A credential that is in no Secret, or under another key, lets all mail wait until somebody looks.',
  remedy: 'Let each { file: PATH } of the configuration be a key of the Secret mounted there.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#using-secrets-as-files-from-a-pod',
  *check(tree) {
    for (const outbox of outboxesOf(tree)) {
      const { entry, config } = outbox;
      if (entry === undefined) continue;
      for (const value of config.at('transport').scalars()) {
        if (value.path.at(-1) !== 'file' || value.text === undefined) continue;
        const message = missing(tree, outbox, value.text);
        if (message !== undefined) yield { at: entry, message };
      }
    }
  },
};
