import type { Field } from '../field.ts';
import { objectName } from '../field.ts';
import { podsOf, volumesOf } from '../pod.ts';
import type { Rule } from '../rule.ts';
import { groupKind } from '../tree.ts';

/** ReadWriteOnce and ReadWriteOncePod: one node, or one pod, at a time. */
function isSingle(claim: Field): boolean {
  const modes = claim.at('spec', 'accessModes').items();
  return modes.length > 0 && modes.every((mode) => mode.text?.startsWith('ReadWriteOnce') === true);
}

export const oneWriter: Rule = {
  id: 'one-writer',
  reason: 'Two pods on one claim are two programs in one database, or a roll-out that waits for ever.',
  remedy: 'One replica and strategy Recreate for a pod with such a claim, and one workload a claim.',
  reference: 'https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes',
  *check(tree) {
    const owners = new Map<string, string>();
    for (const pod of podsOf(tree)) {
      const { workload, namespace } = pod;
      for (const volume of volumesOf(pod).values()) {
        const name = volume.at('persistentVolumeClaim', 'claimName');
        const claim = tree.find('PersistentVolumeClaim', namespace, name.text ?? '');
        if (claim === undefined || !isSingle(claim)) continue;
        const owner = objectName(workload.document.manifest);
        const key = `${namespace}/${name.text}`;
        const other = owners.get(key);
        if (other !== undefined && other !== owner) {
          const message = `claim ${name.text} is also mounted by ${other}`;
          yield { at: name, message, severity: tree.doubt };
        }
        owners.set(key, owner);
        const replicas = workload.at('spec', 'replicas');
        if (replicas.number !== undefined && replicas.number > 1) {
          const message = `${replicas.number} pods would share the claim ${name.text}`;
          yield { at: replicas, message, severity: tree.doubt };
        }
        const strategy = workload.at('spec', 'strategy', 'type');
        if (groupKind(workload) === 'apps/Deployment' && strategy.value !== 'Recreate') {
          yield {
            at: strategy,
            message: `a roll-out (${strategy.text ?? 'RollingUpdate'}) starts the new pod beside the old one, both on the claim ${name.text}`,
            severity: tree.doubt,
          };
        }
      }
    }
  },
};
