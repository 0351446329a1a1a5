import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';
import { namespaceOf } from '../tree.ts';

const SOURCE = 'source.toolkit.fluxcd.io';
const IMAGE = 'image.toolkit.fluxcd.io';

/** Kinds that refer to another Flux object: where, and its group and kind where the reference names none. */
const REFERENCES = [
  ['kustomize.toolkit.fluxcd.io/Kustomization', ['spec', 'sourceRef'], undefined],
  [`${IMAGE}/ImageUpdateAutomation`, ['spec', 'sourceRef'], `${SOURCE}/GitRepository`],
  [`${IMAGE}/ImagePolicy`, ['spec', 'imageRepositoryRef'], `${IMAGE}/ImageRepository`],
] as const;

function targetKind(reference: Field, fallback: string | undefined): string {
  const kind = reference.at('kind').text;
  return kind === undefined ? (fallback ?? '') : `${SOURCE}/${kind}`;
}

export const fluxReferences: Rule = {
  id: 'flux-references',
  reason: 'A source or repository that does not exist leaves the cluster on the last revision, for ever.',
  remedy: 'Render the object, or correct its kind, namespace or name.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#source-reference',
  *check(tree) {
    for (const [kind, path, fallback] of REFERENCES) {
      for (const root of tree.of(kind)) {
        const reference = root.at(...path);
        const target = targetKind(reference, fallback);
        const namespace = reference.at('namespace').text ?? namespaceOf(root);
        const name = reference.at('name').text;
        if (name !== undefined && tree.complete && tree.find(target, namespace, name) === undefined) {
          yield { at: reference.at('name'), message: `there is no ${target} ${namespace}/${name}` };
        }
      }
    }
  },
};
