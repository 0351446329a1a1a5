import type { Field } from '../field.ts';
import { podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';
import { groupKind, nameOf, namespaceOf } from '../tree.ts';

/** Places in a pod that name a Secret, ConfigMap or claim; any of them counts as a use. */
const NAMING = new Set(['claimName', 'secretName', 'name']);

function namesIn(spec: Field): ReadonlySet<string> {
  const names = [...spec.scalars()].filter((field) => NAMING.has(String(field.path.at(-1))));
  return new Set(names.flatMap((field) => field.text ?? []));
}

export const unusedObjects: Rule = {
  id: 'unused-objects',
  reason:
    'A Secret or claim that no pod names is a forgotten reference, or a leftover that still costs or leaks.',
  remedy: 'Refer to it from the pod, or do not render it.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#using-a-secret',
  *check(tree) {
    const used = new Set(
      podsOf(tree).flatMap((pod) => [...namesIn(pod.spec)].map((name) => `${pod.namespace}/${name}`)),
    );
    for (const object of tree.of('Secret', 'ConfigMap', 'PersistentVolumeClaim')) {
      if (!used.has(`${namespaceOf(object)}/${nameOf(object)}`)) {
        yield { at: object, message: `no pod uses this ${groupKind(object)}` };
      }
    }
  },
};
