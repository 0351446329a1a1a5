import type { Field } from '../field.ts';
import { itemName, podsOf, securityField } from '../pod.ts';
import type { Rule } from '../rule.ts';

const GROUP_READ = 0o040;
const EVERYONE = 0o007;

/** Mode of the files of a Secret or ConfigMap volume; Kubernetes gives everyone read access by default. */
function modeOf(volume: Field): Field {
  return volume.at(volume.at('secret').exists ? 'secret' : 'configMap', 'defaultMode');
}

export const volumeOwnership: Rule = {
  id: 'volume-ownership',
  reason:
    'A fresh volume belongs to root: a program that is not root can neither write it nor read a closed Secret.',
  remedy: 'Set fsGroup in the pod, and give secret files mode 0440.',
  reference:
    'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/#set-the-security-context-for-a-pod',
  *check(tree) {
    for (const pod of podsOf(tree)) {
      const isRoot = pod.containers.every(
        (container) => securityField(pod, container, 'runAsUser').number === 0,
      );
      if (isRoot) continue;
      const group = pod.spec.at('securityContext', 'fsGroup');
      const own = pod.spec.at('securityContext', 'runAsGroup');
      if (group.exists && own.exists && group.value !== own.value) {
        yield { at: own, message: `group ${String(own.value)} is not fsGroup ${String(group.value)}` };
      }
      for (const volume of pod.spec.at('volumes').items()) {
        if (volume.at('persistentVolumeClaim').exists && !group.exists) {
          yield { at: group, message: `no fsGroup, so volume ${itemName(volume)} stays root's` };
        }
        const mode = modeOf(volume);
        if (volume.at('secret').exists && ((mode.number ?? 0) & EVERYONE) !== 0) {
          yield { at: mode, message: `mode ${mode.number?.toString(8)} gives everyone a part in the secret` };
        }
        const isOpen = mode.number === undefined || (mode.number & GROUP_READ) !== 0;
        if (!isOpen)
          yield { at: mode, message: `mode ${mode.number?.toString(8)} lets only root read the files` };
      }
    }
  },
};
