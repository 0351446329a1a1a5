import { podsOf } from '../pod.ts';
import type { Rule } from '../rule.ts';

export const noServiceAccountToken: Rule = {
  id: 'no-service-account-token',
  reason: 'A token in the pod is a login to the API server for whoever gets into it.',
  remedy: 'Set automountServiceAccountToken: false; the relay never talks to the API server.',
  reference: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/',
  *check(tree) {
    for (const { spec } of podsOf(tree)) {
      const automount = spec.at('automountServiceAccountToken');
      if (automount.value !== false) {
        yield { at: automount, message: 'the pod gets a service account token' };
      }
      for (const volume of spec.at('volumes').items()) {
        for (const source of volume.at('projected', 'sources').items()) {
          const token = source.at('serviceAccountToken');
          if (token.exists) yield { at: token, message: 'the volume holds a service account token' };
        }
      }
    }
  },
};
