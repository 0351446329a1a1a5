import { dirname, join } from 'node:path/posix';
import type { Rule } from '../rule.ts';

const KIND = 'kustomize.toolkit.fluxcd.io/Kustomization';

export const fluxPath: Rule = {
  id: 'flux-path',
  reason: 'A Kustomization whose path does not exist, or that the source leaves out, applies nothing.',
  remedy:
    'Let spec.path be ./dist/ and a folder with a kustomization.yaml, and let the source ignore all but /dist.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#path',
  *check(tree) {
    const folders = new Set(
      tree
        .of('kustomize.config.k8s.io/Kustomization')
        .map((index) => join('dist', dirname(index.document.file))),
    );
    if (folders.size === 0) return;
    for (const source of tree.of('source.toolkit.fluxcd.io/GitRepository')) {
      const lines = source.at('spec', 'ignore').text?.split('\n') ?? [];
      if (lines.includes('/*') && !lines.includes('!/dist')) {
        yield {
          at: source.at('spec', 'ignore'),
          message: 'it ignores everything, and does not take dist/ back in',
        };
      }
    }
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
