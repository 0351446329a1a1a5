import type { ImagePolicy } from '../image-policy.ts';
import { imagePoliciesOf } from '../image-policy.ts';
import { parseImage } from '../image.ts';
import { podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

/** With neither a filter nor versions to compare a policy takes any tag. */
function accepts({ root, pattern }: ImagePolicy, tag: string): boolean {
  if (root.at('spec', 'filterTags', 'pattern').exists) return pattern?.test(tag) ?? true;
  return !root.at('spec', 'policy', 'semver').exists || /^v?\d+(\.\d+){0,2}([-+].*)?$/.test(tag);
}

export const imageTagAccepted: Rule = {
  id: 'image-tag-accepted',
  reason: 'A tag outside the filter was not built by CI, and Flux replaces it with whatever matches.',
  remedy: "Commit a tag that the filterTags pattern of the image's policy takes.",
  reference: 'https://fluxcd.io/flux/components/image/imagepolicies/#filter-tags',
  *check(tree) {
    const policies = imagePoliciesOf(tree);
    if (policies.length === 0) return;
    for (const { allContainers } of podsOf(tree)) {
      for (const container of allContainers) {
        const { name, tag } = parseImage(container.at('image').text ?? '');
        const concerned = policies.filter(({ image }) => image === name);
        if (tag !== undefined && concerned.length > 0 && !concerned.some((policy) => accepts(policy, tag))) {
          const message = `no policy of ${name} takes the tag ${tag}`;
          yield { at: container.at('image'), message, severity: tree.doubt };
        }
      }
    }
  },
};
