import type { Field } from './field.ts';
import { nameOf, namespaceOf } from './tree.ts';
import type { Tree } from './tree.ts';

/** An ImagePolicy with what it scans. */
export interface ImagePolicy {
  readonly root: Field;
  /** `namespace:name`, as a marker writes it. */
  readonly id: string;
  /** Image of its ImageRepository, without a tag; undefined when that is not in the tree. */
  readonly image: string | undefined;
  /** Filter of tags; undefined when there is none, or when it is no valid expression. */
  readonly pattern: RegExp | undefined;
}

/** All image policies of the tree. */
export function imagePoliciesOf(tree: Tree): readonly ImagePolicy[] {
  return tree.of('image.toolkit.fluxcd.io/ImagePolicy').map((root) => {
    const reference = root.at('spec', 'imageRepositoryRef');
    const repository = tree.find(
      'image.toolkit.fluxcd.io/ImageRepository',
      reference.at('namespace').text ?? namespaceOf(root),
      reference.at('name').text ?? '',
    );
    return {
      root,
      id: `${namespaceOf(root)}:${nameOf(root)}`,
      image: repository?.at('spec', 'image').text,
      pattern: toRegExp(root.at('spec', 'filterTags', 'pattern').text),
    };
  });
}

/** Go's regular expressions (RE2) as JavaScript's: named groups are written (?P<name>…) there. */
function toRegExp(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined;
  try {
    return new RegExp(pattern.replaceAll('(?P<', '(?<'));
  } catch {
    return undefined;
  }
}
