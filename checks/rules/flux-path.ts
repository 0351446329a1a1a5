import { dirname, join } from 'node:path/posix';
import type { Problem, Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const KIND = 'kustomize.toolkit.fluxcd.io/Kustomization';

/**
 * In somebody else's tree a path may lie in another repository. Where another Kustomization of the same source
 * has a path that is here, the source is this repository.
 */
function* elsewhere(tree: Tree): Generator<Problem> {
  const { has } = tree.place;
  if (has === undefined) return;
  const paths = tree
    .of(KIND)
    .filter((root) => root.at('spec', 'sourceRef', 'kind').text === 'GitRepository')
    .map((root) => ({ source: root.at('spec', 'sourceRef', 'name').text, path: root.at('spec', 'path') }))
    .filter(({ path }) => path.text !== undefined && !path.text.includes('${'))
    .map(({ source, path }) => ({ source, path, isHere: has(join('.', path.text ?? '.')) }))
    .filter(({ path }) => join('.', path.text ?? '', '/') !== './');
  const here = new Set(paths.filter(({ isHere }) => isHere).map(({ source }) => source));
  for (const { source, path, isHere } of paths) {
    if (!isHere && here.has(source)) yield { at: path, message: `there is no folder ${path.text}` };
  }
}

export const fluxPath: Rule = {
  id: 'flux-path',
  reason: 'A Kustomization whose path does not exist, or that the source leaves out, applies nothing.',
  remedy:
    'Let spec.path be ./dist/ and a folder with a kustomization.yaml, and let the source ignore all but /dist.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#path',
  *check(tree) {
    if (!tree.complete) {
      yield* elsewhere(tree);
      return;
    }
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
