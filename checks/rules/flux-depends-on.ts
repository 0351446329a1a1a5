import { likelyMeant } from '../nearest.ts';
import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';
import { nameOf, namespaceOf } from '../tree.ts';

const KINDS = ['kustomize.toolkit.fluxcd.io/Kustomization', 'helm.toolkit.fluxcd.io/HelmRelease'];

const keyOf = (kind: string, namespace: string, name: string) => `${kind} ${namespace}/${name}`;

export const fluxDependsOn: Rule = {
  id: 'flux-depends-on',
  reason: 'A Kustomization or HelmRelease waits for ever for one that does not exist, or that waits for it.',
  remedy: 'Depend on what is in this tree, in one direction.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies',
  *check(tree) {
    const edges = new Map<string, readonly (readonly [Field, string])[]>();
    for (const root of tree.of(...KINDS)) {
      const { kind } = root.document.manifest;
      const targets = root
        .at('spec', 'dependsOn')
        .items()
        .map((item) => {
          const namespace = item.at('namespace').text ?? namespaceOf(root);
          return [item, keyOf(kind, namespace, item.at('name').text ?? '')] as const;
        });
      edges.set(keyOf(kind, namespaceOf(root), nameOf(root)), targets);
    }
    for (const [at, key] of [...edges.values()].flat()) {
      if (edges.has(key)) continue;
      const meant = likelyMeant(key, edges.keys());
      // Somebody else's tree may be a part of a whole; a name that is almost there is a mistake all the same.
      if (tree.complete) yield { at, message: `there is no ${key}` };
      else if (meant !== undefined)
        yield { at, message: `there is no ${key}, but there is ${meant}`, severity: 'warning' };
    }
    const done = new Set<string>();
    function* visit(key: string, above: readonly string[]): Generator<{ at: Field; message: string }> {
      for (const [at, next] of edges.get(key) ?? []) {
        if (next === key || above.includes(next)) {
          yield { at, message: `a circle: ${[...above, key, next].join(' → ')}` };
        } else if (!done.has(next)) yield* visit(next, [...above, key]);
      }
      done.add(key);
    }
    for (const key of edges.keys()) if (!done.has(key)) yield* visit(key, []);
  },
};
