import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { host } from '../load.ts';
import { commonMainCf, daemons, postfixVersion } from '../peers/postfix.ts';
import type { QueuePeer } from './peer.ts';

/**
 * Postfix with its own queue. Mail is put on hold as it comes, so that it is written and synced once and nothing
 * tries to deliver it: only what its 250 costs is measured.
 */
export const postfixQueue: QueuePeer = {
  name: 'Postfix',
  what: 'Postfix smtpd and cleanup, its own queue, mail on hold; a process a connection',
  prepare: async () => postfixVersion(),
  start: ({ folder, listenPort }) => {
    const [queue, data] = [join(folder, 'queue'), join(folder, 'data')];
    mkdirSync(queue);
    mkdirSync(data);
    execFileSync('chown', ['postfix', data]);
    writeFileSync(join(folder, 'main.cf'), mainCf(folder));
    writeFileSync(join(folder, 'master.cf'), masterCf(listenPort));
    execFileSync('postfix', ['-c', folder, 'check'], { stdio: 'inherit' });
    return { command: `${daemons}/master`, args: ['-c', folder, '-d'], env: { MAIL_CONFIG: folder } };
  },
  queued: (folder) =>
    readdirSync(join(folder, 'queue/hold'), { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    ).length,
};

const mainCf = (folder: string): string => `${commonMainCf(folder)}
smtpd_client_restrictions = static:HOLD
smtpd_relay_restrictions = permit_mynetworks, reject
# It would slow clients down while nothing takes mail out of the queue.
in_flow_delay = 0
`;

const masterCf = (listenPort: number): string => `${host}:${listenPort} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
bounce unix - - n - 0 bounce
postlog unix-dgram n - n - 1 postlogd
`;
