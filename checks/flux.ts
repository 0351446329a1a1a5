import { join } from 'node:path/posix';
import type { Field } from './field.ts';
import type { Tree } from './tree.ts';

/** A Flux Kustomization and the folder that it applies, as the tree's files are named: `k8s/prod`. */
export interface AppliedFolder {
  readonly kustomization: Field;
  readonly folder: string;
}

/** What each Flux Kustomization applies; those that apply something outside of the tree are left out. */
export function foldersOf(tree: Tree): readonly AppliedFolder[] {
  const prefix = tree.place.folder === '' ? '' : `${tree.place.folder}/`;
  return tree.of('kustomize.toolkit.fluxcd.io/Kustomization').flatMap((kustomization) => {
    const path = join('.', kustomization.at('spec', 'path').text ?? '.').replace(/\/$/, '');
    return path.startsWith(prefix) ? [{ kustomization, folder: path.slice(prefix.length) }] : [];
  });
}
