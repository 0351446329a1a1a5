import { join } from 'node:path/posix';
import type { Rule } from '../rule.ts';

const DISABLED = 'kustomize.toolkit.fluxcd.io/substitute';

export const noSubstitution: Rule = {
  id: 'no-substitution',
  reason:
    'With postBuild Flux replaces every ${name}, in alert texts and scripts too, by a value or by nothing.',
  remedy: `Write $name, double it ($\${name}), or annotate the object with ${DISABLED}: disabled.`,
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution',
  *check(tree) {
    const folders = tree
      .of('kustomize.toolkit.fluxcd.io/Kustomization')
      .filter((root) => root.at('spec', 'postBuild').exists)
      .map((root) => `${join('.', root.at('spec', 'path').text ?? '.').replace(/\/$/, '')}/`);
    if (folders.length === 0) return;
    for (const root of tree.roots) {
      if (!folders.some((folder) => folder === './' || `dist/${root.document.file}`.startsWith(folder)))
        continue;
      if (['annotations', 'labels'].some((part) => root.at('metadata', part, DISABLED).value === 'disabled'))
        continue;
      for (const field of root.scalars()) {
        const found = /(?<!\$)\$\{[^}]*\}?/.exec(field.text ?? '');
        if (found !== null) yield { at: field, message: `Flux replaces ${found[0]}` };
      }
    }
  },
};
