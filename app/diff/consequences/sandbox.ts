import { fieldsOf } from '../../../render/fields.ts';
import { changed, type ConsequenceKind, show } from '../consequence.ts';

/** Fields whose value holds a container in; anything else there is looser. */
const TIGHT: readonly (readonly [field: RegExp, tight: (value: unknown) => boolean])[] = [
  [/\.(runAsNonRoot|readOnlyRootFilesystem)$/, (value) => value === true],
  [
    /\.(allowPrivilegeEscalation|privileged|hostNetwork|hostPID|hostIPC|hostUsers|shareProcessNamespace)$/,
    (value) => value === false,
  ],
  [/\.seccompProfile\.type$/, (value) => value === 'RuntimeDefault' || value === 'Localhost'],
  [/\.capabilities\.drop$/, (value) => Array.isArray(value) && value.includes('ALL')],
  [/\.capabilities\.add$/, (value) => value === undefined],
  [/\.runAsUser$/, (value) => value !== 0],
  [/\.hostPath\.path$/, (value) => value === undefined],
  [
    /^metadata\.labels\["pod-security\.kubernetes\.io\/(enforce|audit|warn)"\]$/,
    (value) => value === 'restricted',
  ],
];

/** Hardening that is taken away. */
export const sandbox: ConsequenceKind = {
  id: 'sandbox',
  title: 'a container is held in less tightly',
  reference: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/',
  transition: true,
  *find(context) {
    const kinds = [
      'apps/Deployment',
      'apps/StatefulSet',
      'apps/DaemonSet',
      'batch/CronJob',
      'Pod',
      'Namespace',
    ];
    for (const { change } of changed(context, ...kinds)) {
      const rendered = [...fieldsOf(change.after?.manifest).keys()];
      for (const { field, before, after } of change.fields) {
        const tight = TIGHT.find(([pattern]) => pattern.test(field))?.[1];
        // A container that is gone is held in no less.
        const container = /^.*ontainers\[[^\]]*\]/.exec(field)?.[0] ?? '';
        const isGone = !rendered.some((one) => one.startsWith(container));
        if (tight === undefined || tight(after) || isGone) continue;
        yield {
          weight: 'danger',
          object: change.key,
          fields: [field],
          says: `loosens ${field.replace(/^spec\.template\.spec\./, '')}: ${show(before)} becomes ${show(after)}`,
        };
      }
    }
  },
};
