import { parseImage } from '../image.ts';
import { itemName, podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const imagePinned: Rule = {
  id: 'image-pinned',
  reason: 'A moving tag runs something else after each restart, and dist/ no longer says what.',
  remedy: 'Name a full version, and pin its digest with npm run pin.',
  reference: 'https://kubernetes.io/docs/concepts/containers/images/#image-names',
  *check(tree) {
    for (const { allContainers } of podsOf(tree)) {
      for (const container of allContainers) {
        const field = container.at('image');
        const image = parseImage(field.text ?? '');
        if (image.digest === undefined && (image.tag === undefined || image.tag === 'latest')) {
          yield { at: field, message: `container ${itemName(container)} runs whatever "latest" is` };
        }
      }
    }
  },
};
