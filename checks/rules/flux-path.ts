import { dirname, join } from 'node:path/posix';
import type { Rule } from '../rule.ts';

const KIND = 'kustomize.toolkit.fluxcd.io/Kustomization';

export const fluxPath: Rule = {
  id: 'flux-path',
  reason:
    'A Kustomization whose path does not exist applies nothing and, if it prunes, may not even say so soon.',
  remedy: 'Let spec.path be ./dist/ and a folder with a kustomization.yaml.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#path',
  *check(tree) {
    const folders = new Set(
      tree
        .of('kustomize.config.k8s.io/Kustomization')
        .map((index) => join('dist', dirname(index.document.file))),
    );
    if (folders.size === 0) return;
    for (const kustomization of tree.of(KIND)) {
      const path = kustomization.at('spec', 'path');
      if (!folders.has(join('.', path.text ?? '.').replace(/\/$/, ''))) {
        yield {
          at: path,
          message: `${path.text ?? 'the root of the repository'} holds no kustomization.yaml`,
        };
      }
    }
  },
};
