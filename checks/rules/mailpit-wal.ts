import { itemName, mountOf, volumesOf } from '../pod.ts';
import { isOn, mailpitsOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Names that storage classes on network file systems usually have. */
const NETWORK = /nfs|cifs|smb|efs|azurefile|glusterfs|cephfs/i;

export const mailpitWal: Rule = {
  id: 'mailpit-wal',
  reason:
    "SQLite's write-ahead log needs shared memory, which a network file system has not: the database locks up.",
  remedy: 'Set MP_DISABLE_WAL to true there, or use block storage.',
  reference: 'https://www.sqlite.org/wal.html',
  *check(tree) {
    for (const { pod, container, environment } of mailpitsOf(tree)) {
      const mount = mountOf(container, environment.get('MP_DATABASE')?.text ?? '');
      const volume = mount === undefined ? undefined : volumesOf(pod).get(itemName(mount));
      const claim = volume?.at('persistentVolumeClaim', 'claimName').text ?? '';
      const storage = tree
        .find('PersistentVolumeClaim', pod.namespace, claim)
        ?.at('spec', 'storageClassName');
      if (
        storage?.text !== undefined &&
        NETWORK.test(storage.text) &&
        !isOn(environment.get('MP_DISABLE_WAL'))
      ) {
        // A class named so can be block storage after all.
        yield {
          at: environment.get('MP_DISABLE_WAL') ?? container.at('env'),
          message: `the claim ${claim} has the class ${storage.text}, by its name a network file system`,
          severity: 'warning',
        };
      }
    }
  },
};
