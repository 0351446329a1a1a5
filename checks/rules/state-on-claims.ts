import { join } from 'node:path/posix';
import { files } from '../../relay-src/outbox/contract.ts';
import type { Field } from '../field.ts';
import { environmentOf, itemName, mountOf, volumesOf } from '../pod.ts';
import type { Pod } from '../pod.ts';
import { outboxesOf } from '../outbox.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Tree } from '../tree.ts';
import type { Rule } from '../rule.ts';

interface State {
  readonly container: Field;
  readonly path: string;
  /** The field that says so. */
  readonly said: Field;
}

/** Where the programs of the relay keep what must outlive the pod. */
function statesOf(tree: Tree, pod: Pod): readonly State[] {
  const mailpit = containerOf(pod, 'mailpit');
  const database = mailpit === undefined ? undefined : environmentOf(mailpit).get('MP_DATABASE');
  const graph = containerOf(pod, 'smtp2graph');
  const words = [...(graph?.at('command').items() ?? []), ...(graph?.at('args').items() ?? [])];
  const base = words.find((word) => word.text?.startsWith('--baseDir='));
  const states: State[] = [];
  if (mailpit !== undefined) {
    states.push({ container: mailpit, path: database?.text ?? '', said: database ?? mailpit.at('env') });
  }
  if (graph !== undefined) {
    const folder = base?.text?.slice('--baseDir='.length) ?? '/data';
    states.push({ container: graph, path: join(folder, 'mailroot'), said: base ?? graph });
    states.push({ container: graph, path: join(folder, 'logs'), said: base ?? graph });
  }
  for (const { container, entry, config } of outboxesOf(tree).filter((outbox) => outbox.pod === pod)) {
    states.push({
      container,
      path: config.at('spool').text ?? files.spool,
      said: entry ?? container.at('args'),
    });
  }
  return states;
}

export const stateOnClaims: Rule = {
  id: 'state-on-claims',
  reason: 'The queue of the last hop is mail that has been accepted: on an emptyDir each roll-out loses it.',
  remedy:
    "Mount a claim where outbox's spool is, Mailpit's database (MP_DATABASE), smtp2graph's mailroot and logs.",
  reference: 'https://kubernetes.io/docs/concepts/storage/volumes/#emptydir',
  *check(tree) {
    for (const pod of relaysOf(tree)) {
      for (const { container, path, said } of statesOf(tree, pod)) {
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
