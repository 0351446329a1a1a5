import { join } from 'node:path/posix';
import type { Field } from '../field.ts';
import { environmentOf, itemName, volumesOf } from '../pod.ts';
import type { Pod } from '../pod.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** The mount that a path lies on, the innermost one. */
function mountOf(container: Field, path: string): Field | undefined {
  return container
    .at('volumeMounts')
    .items()
    .filter((mount) => `${path}/`.startsWith(`${mount.at('mountPath').text?.replace(/\/$/, '')}/`))
    .toSorted((a, b) => (b.at('mountPath').text?.length ?? 0) - (a.at('mountPath').text?.length ?? 0))[0];
}

/** Paths where the programs of the relay keep what must outlive the pod: container, path, and who says so. */
function statesOf(pod: Pod): readonly (readonly [container: Field, path: string, said: Field])[] {
  const mailpit = containerOf(pod, 'mailpit');
  const database = mailpit === undefined ? undefined : environmentOf(mailpit).get('MP_DATABASE');
  const graph = containerOf(pod, 'smtp2graph');
  const words = [...(graph?.at('command').items() ?? []), ...(graph?.at('args').items() ?? [])];
  const base = words.find((word) => word.text?.startsWith('--baseDir='));
  return [
    ...(mailpit === undefined
      ? []
      : [[mailpit, database?.text ?? '', database ?? mailpit.at('env')] as const]),
    ...(graph === undefined
      ? []
      : [
          [
            graph,
            join(base?.text?.slice('--baseDir='.length) ?? '/data', 'mailroot'),
            base ?? graph,
          ] as const,
        ]),
  ];
}

export const stateOnClaims: Rule = {
  id: 'state-on-claims',
  reason: "smtp2graph's queue is mail that has been accepted: on an emptyDir each roll-out loses it.",
  remedy: "Mount a claim where Mailpit's database (MP_DATABASE) and smtp2graph's mailroot are.",
  reference: 'https://kubernetes.io/docs/concepts/storage/volumes/#emptydir',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      for (const [container, path, said] of statesOf(pod)) {
        if (path === '') {
          yield { at: said, message: 'MP_DATABASE is not set: Mailpit forgets all mail when it stops' };
          continue;
        }
        const mount = mountOf(container, path);
        const volume = mount === undefined ? undefined : volumesOf(pod).get(itemName(mount));
        if (mount === undefined) {
          yield { at: said, message: `${path} is on no volume` };
        } else if (volume !== undefined && !volume.at('persistentVolumeClaim').exists) {
          yield { at: mount, message: `${path} is on volume ${itemName(mount)}, which is not a claim` };
        }
      }
    }
  },
};
