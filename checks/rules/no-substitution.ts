import { join } from 'node:path/posix';
import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

const DISABLED = 'kustomize.toolkit.fluxcd.io/substitute';

function isExempt(root: Field): boolean {
  return ['annotations', 'labels'].some((part) => root.at('metadata', part, DISABLED).value === 'disabled');
}

export const noSubstitution: Rule = {
  id: 'no-substitution',
  reason:
    'With postBuild Flux replaces every ${name}, in alert texts and scripts too, by a value or by nothing.',
  remedy: `Write $name, double it ($\${name}), or annotate the object with ${DISABLED}: disabled.`,
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution',
  *check(tree) {
    // Others substitute on purpose, and a parent often patches the values into its Kustomizations.
    if (!tree.complete) return;
    const folders = tree
      .of('kustomize.toolkit.fluxcd.io/Kustomization')
      .filter((root) => root.at('spec', 'postBuild').exists)
      .map((root) => `${join('.', root.at('spec', 'path').text ?? '.').replace(/\/$/, '')}/`);
    if (folders.length === 0) return;
    for (const root of tree.roots) {
      if (
        !folders.some(
          (folder) => folder === './' || join(tree.place.folder, root.document.file).startsWith(folder),
        )
      )
        continue;
      if (isExempt(root)) continue;
      for (const field of root.scalars()) {
        const found = /(?<!\$)\$\{[^}]*\}?/.exec(field.text ?? '');
        if (found !== null) yield { at: field, message: `Flux replaces ${found[0]}` };
      }
    }
  },
};
