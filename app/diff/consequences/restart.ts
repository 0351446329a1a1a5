import { changed, type ConsequenceKind, listed, show } from '../consequence.ts';

const WORKLOADS = ['apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet'];

/** A pod template that changed: new pods. */
export const restart: ConsequenceKind = {
  id: 'restart',
  title: 'the pod is replaced by a new one',
  reference: 'https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment',
  transition: true,
  *find(context) {
    for (const { change, now } of changed(context, ...WORKLOADS)) {
      const fields = change.fields.map(({ field }) => field);
      const template = fields.filter((field) => field.startsWith('spec.template.'));
      if (template.length > 0) {
        const causes = listed(
          [
            ...new Set(
              template.map((field) =>
                field.replace(/^spec\.template\.(spec\.)?/, '').replace(/\.(name|value)$/, ''),
              ),
            ),
          ],
          3,
        );
        const recreates = now.at('spec', 'strategy', 'type').text === 'Recreate';
        const seconds = now.at('spec', 'template', 'spec', 'terminationGracePeriodSeconds').number ?? 30;
        yield {
          weight: 'caution',
          object: change.key,
          fields: template,
          says: recreates
            ? `restarts the pod (${causes}): the old one ends, up to ${seconds} s, before the new one starts, and nobody answers in between`
            : `replaces the pods one after another (${causes})`,
          ...(recreates ? { todo: 'Nothing where applications retry; else choose a quiet moment.' } : {}),
        };
      }
      const replicas = change.fields.find(({ field }) => field === 'spec.replicas');
      if (replicas !== undefined) {
        yield {
          weight: replicas.after === 0 ? 'danger' : 'caution',
          object: change.key,
          fields: ['spec.replicas'],
          says:
            replicas.after === 0
              ? 'stops every pod'
              : `runs ${show(replicas.after ?? 1)} pods instead of ${show(replicas.before ?? 1)}`,
        };
      }
    }
  },
};
