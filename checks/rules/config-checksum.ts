import { createHash } from 'node:crypto';
import { outboxesOf } from '../outbox.ts';
import type { Rule } from '../rule.ts';

export const configChecksum: Rule = {
  id: 'config-checksum',
  reason:
    'outbox reads its configuration at the start: without a changed pod template it goes on with the old one.',
  remedy: 'Annotate the pod template with checksum/<ConfigMap>: the SHA-256 of the configuration.',
  reference:
    'https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically',
  *check(tree) {
    for (const { pod, entry } of outboxesOf(tree)) {
      if (entry?.text === undefined) continue;
      const name = entry.document.manifest.metadata?.name ?? '';
      const annotation = pod.template.at('metadata', 'annotations', `checksum/${name}`);
      if (annotation.text !== createHash('sha256').update(entry.text).digest('hex')) {
        yield { at: annotation, message: `it is not the SHA-256 of the configuration in ConfigMap ${name}` };
      }
    }
  },
};
