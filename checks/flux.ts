import { join } from 'node:path/posix';
import type { Field } from './field.ts';
import type { Tree } from './tree.ts';

/** A Flux Kustomization and the folder that it applies, relative to `dist/`: `k8s/prod`. */
export interface AppliedFolder {
  readonly kustomization: Field;
  readonly folder: string;
}

/** What each Flux Kustomization applies; those that apply something outside of `dist/` are left out. */
export function foldersOf(tree: Tree): readonly AppliedFolder[] {
  return tree.of('kustomize.toolkit.fluxcd.io/Kustomization').flatMap((kustomization) => {
    const path = join('.', kustomization.at('spec', 'path').text ?? '.').replace(/\/$/, '');
    return path.startsWith('dist/') ? [{ kustomization, folder: path.slice('dist/'.length) }] : [];
  });
}
