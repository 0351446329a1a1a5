import { join } from 'node:path/posix';
import type { Field } from '../field.ts';
import { foldersOf } from '../flux.ts';
import type { Problem, Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const DISABLED = 'kustomize.toolkit.fluxcd.io/substitute';

/** Names in an expression that Flux replaces, and that has no value of its own for an absent one: `${name}`. */
const VARIABLE = /(?<!\$)\$\{([A-Za-z_]\w*)\}/g;

function isExempt(root: Field): boolean {
  return ['annotations', 'labels'].some((part) => root.at('metadata', part, DISABLED).value === 'disabled');
}

/** Others substitute on purpose: a name that nobody can have given a value is the mistake there. */
function* elsewhere(tree: Tree): Generator<Problem> {
  const folders = foldersOf(tree).filter(({ kustomization }) => kustomization.at('spec', 'postBuild').exists);
  for (const root of tree.roots) {
    const covering = folders.filter(({ folder }) => root.document.file.startsWith(`${folder}/`));
    const builds = covering.map(({ kustomization }) => kustomization.at('spec', 'postBuild'));
    if (builds.length === 0 || isExempt(root)) continue;
    if (builds.some((build) => build.at('substituteFrom').items().length > 0)) continue;
    for (const field of root.scalars()) {
      for (const [text, name = ''] of field.text?.matchAll(VARIABLE) ?? []) {
        if (builds.some((build) => build.at('substitute', name).exists)) continue;
        yield { at: field, message: `Flux replaces ${text} by nothing`, severity: 'warning' };
      }
    }
  }
}

export const noSubstitution: Rule = {
  id: 'no-substitution',
  reason:
    'With postBuild Flux replaces every ${name}, in alert texts and scripts too, by a value or by nothing.',
  remedy: `Write $name, double it ($\${name}), or annotate the object with ${DISABLED}: disabled.`,
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution',
  *check(tree) {
    if (!tree.complete) {
      yield* elsewhere(tree);
      return;
    }
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
