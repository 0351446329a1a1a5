import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { host } from '../load.ts';
import { versionOf, type Peer, type Readiness } from './peer.ts';

export const daemons = '/usr/lib/postfix/sbin';

/**
 * Postfix as a before-queue proxy (SMTPD_PROXY_README): no queue, the next hop's answer is the client's, and
 * recipients whose domain does not exist are refused. It asks DNS for each of them.
 */
export const postfix: Peer = {
  name: 'Postfix',
  what: 'Postfix smtpd as a before-queue proxy, refusing unknown domains; a process a connection, no cutting',
  prepare: async () => postfixVersion(),
  can: () => true,
  start: ({ folder, listenPort, upstreamPort }) => {
    const queue = join(folder, 'queue');
    const data = join(folder, 'data');
    mkdirSync(queue);
    mkdirSync(data);
    execFileSync('chown', ['postfix', data]);
    writeFileSync(join(folder, 'main.cf'), mainCf(folder));
    writeFileSync(join(folder, 'master.cf'), masterCf(listenPort, upstreamPort));
    execFileSync('postfix', ['-c', folder, 'check'], { stdio: 'inherit' });
    return {
      command: `${daemons}/master`,
      args: ['-c', folder, '-d'],
      env: { MAIL_CONFIG: folder },
      systemResolver: true,
    };
  },
};

export function postfixVersion(): Readiness {
  if (process.getuid?.() !== 0) return { missing: 'needs root' };
  return versionOf('postconf', ['-h', 'mail_version'], /(\S+)/, 'apt-get install postfix');
}

/** Queue and data in `folder`. The limits are those that would slow down one busy client on purpose. */
export function commonMainCf(folder: string): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
daemon_directory = ${daemons}
maillog_file = ${folder}/maillog
maillog_file_prefixes = ${folder}
myhostname = relay.test
mydestination =
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
message_size_limit = 26214400
default_process_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_junk_command_limit = 1000
`;
}

const mainCf = (folder: string): string => `${commonMainCf(folder)}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = reject_unknown_recipient_domain
unknown_address_reject_code = 550
`;

function masterCf(listenPort: number, upstreamPort: number): string {
  return `${host}:${listenPort} inet n - n - - smtpd
  -o smtpd_proxy_filter=${host}:${upstreamPort}
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`;
}
