import { createHash } from 'node:crypto';
import { itemName, podsOf, secretsOfVolume, volumesOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

/** Programs that read their secrets once, at start. */
const READ_ONCE = new Set(['mailpit', 'smtp2graph']);

export const secretChecksum: Rule = {
  id: 'secret-checksum',
  reason:
    'Mailpit and smtp2graph read their files once: without a changed pod template they keep the old secret.',
  remedy: 'Annotate the pod template with checksum/<secret>: the SHA-256 of the encrypted file.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#editing-a-secret',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      const volumes = volumesOf(pod);
      const names = pod.containers
        .filter((container) => READ_ONCE.has(itemName(container)))
        .flatMap((container) => container.at('volumeMounts').items())
        .flatMap((mount) => volumes.get(itemName(mount)) ?? [])
        .flatMap(secretsOfVolume);
      for (const name of new Set(names)) {
        const annotation = pod.template.at('metadata', 'annotations', `checksum/${name}`);
        if (annotation.text === undefined || annotation.text === '') {
          yield { at: annotation, message: `nothing in the pod template changes when Secret ${name} does` };
          continue;
        }
        const file = tree.find('Secret', pod.namespace, name)?.document.file;
        const text = file === undefined ? undefined : tree.texts.get(file);
        if (text !== undefined && annotation.text !== createHash('sha256').update(text).digest('hex')) {
          yield { at: annotation, message: `it is not the SHA-256 of ${file ?? name}` };
        }
      }
    }
  },
};
