import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';
import { nameOf, namespaceOf } from '../tree.ts';

const KIND = 'kustomize.toolkit.fluxcd.io/Kustomization';

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`;

export const fluxDependsOn: Rule = {
  id: 'flux-depends-on',
  reason: 'A Kustomization waits for ever for one that does not exist, or that waits for it.',
  remedy: 'Depend on Kustomizations of this tree, in one direction.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies',
  *check(tree) {
    const edges = new Map<string, readonly (readonly [Field, string])[]>();
    for (const root of tree.of(KIND)) {
      const targets = root
        .at('spec', 'dependsOn')
        .items()
        .map((item) => {
          const namespace = item.at('namespace').text ?? namespaceOf(root);
          return [item, keyOf(namespace, item.at('name').text ?? '')] as const;
        });
      edges.set(keyOf(namespaceOf(root), nameOf(root)), targets);
    }
    for (const [at, key] of [...edges.values()].flat()) {
      if (!edges.has(key)) yield { at, message: `there is no Kustomization ${key}` };
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
