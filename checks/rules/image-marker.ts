import type { Field } from '../field.ts';
import { imagePoliciesOf } from '../image-policy.ts';
import { parseImage } from '../image.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

interface Marker {
  /** The marked scalar, or the document where it was not found. */
  readonly at: Field;
  readonly value: string;
  /** Text after "#". */
  readonly comment: string;
}

const LINE = /^\s*(?:- )?(?:[\w.-]+: +)?["']?([^\s"'#]+)["']?\s+#(.*"\$imagepolicy".*)$/gm;

function markersOf(tree: Tree): readonly Marker[] {
  return [...tree.texts]
    .filter(([, text]) => text.includes('"$imagepolicy"'))
    .flatMap(([file, text]) => {
      const roots = tree.roots.filter((root) => root.document.file === file);
      const scalars = roots.flatMap((root) => [...root.scalars()]);
      return Array.from(text.matchAll(LINE), ([, value = '', comment = '']) => ({
        at: scalars.find((field) => field.value === value) ?? roots[0],
        value,
        comment: comment.trim(),
      }));
    })
    .filter((marker): marker is Marker => marker.at !== undefined);
}

/** What the setter reads: the whole comment must be one JSON object of strings. */
function referenceIn(comment: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(comment);
    return typeof parsed === 'object' && parsed !== null && '$imagepolicy' in parsed
      ? String(parsed.$imagepolicy)
      : undefined;
  } catch {
    return undefined;
  }
}

export const imageMarker: Rule = {
  id: 'image-marker',
  reason: 'A marker that Flux cannot read, or of a policy that is not there, is skipped without a word.',
  remedy:
    'Write # {"$imagepolicy": "<namespace>:<policy>"} and nothing after it, on an image of that policy.',
  reference: 'https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources',
  *check(tree) {
    const policies = imagePoliciesOf(tree);
    const automations = tree.of('image.toolkit.fluxcd.io/ImageUpdateAutomation');
    if (tree.texts.size === 0 || (policies.length === 0 && automations.length === 0)) return;
    const marked = new Set<string>();
    for (const { at, value, comment } of markersOf(tree)) {
      const reference = referenceIn(comment);
      const [, id = '', part] = /^([^:]+:[^:]+)(?::(tag|name|digest))?$/.exec(reference ?? '') ?? [];
      marked.add(id);
      const policy = policies.find((candidate) => candidate.id === id);
      if (reference === undefined) {
        yield { at, message: `the comment is not JSON alone: ${comment}` };
      } else if (policy === undefined) {
        if (tree.complete)
          yield {
            at,
            message: `there is no ImagePolicy "${reference}"; there is ${policies.map((known) => known.id).join(', ') || 'none'}`,
          };
      } else if (
        part === undefined &&
        policy.image !== undefined &&
        parseImage(value).name !== policy.image
      ) {
        yield { at, message: `${id} would write ${policy.image} over ${parseImage(value).name}` };
      }
    }
    for (const { root, id } of policies) {
      if (!marked.has(id) && tree.complete)
        yield { at: root, message: `no line carries its marker "${id}", so it changes nothing` };
    }
  },
};
