import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../tools/run.ts';
import { startProgram } from '../up/process.ts';
import { until } from '../up/until.ts';
import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

const daemons = '/usr/lib/postfix/sbin';

const logFile = (folder: string): string => join(folder, 'maillog');

/** A Postfix of its own that has mx-validator for its smarthost, with a queue that is gone afterwards. */
export const postfix: Client = {
  name: 'Postfix',
  lacks: [],
  async send(mail, port) {
    await using closing = new AsyncDisposableStack();
    const folder = closing.adopt(await mkdtemp(join(tmpdir(), 'postfix-')), (path) =>
      rm(path, { recursive: true }),
    );
    await configure(folder, port);
    const master = startProgram({
      name: 'Postfix',
      command: join(daemons, 'master'),
      args: ['-c', folder, '-d'],
      env: { PATH: process.env['PATH'], MAIL_CONFIG: folder },
      onLine: (line) => process.stderr.write(`Postfix | ${line}\n`),
    });
    closing.defer(() => master.stop());
    await until('Postfix', () => logged(folder, /daemon started/), { of: master });
    const args = ['-C', folder, '-i', '-f', mail.from, '--', ...mail.to];
    const submitted = await runClient('sendmail', args, messageOf(mail));
    if (!submitted.accepted) return submitted;
    // It left the queue, or will be tried again later.
    const fate = () => logged(folder, /: removed$|status=deferred/m);
    const transcript = await until('Postfix to end with the mail', fate, { seconds: 30, of: master });
    return { accepted: !/status=(?!sent)/.test(transcript), transcript };
  },
};

/** The whole log once `pattern` is in it. Until then it is the reason for waiting. */
async function logged(folder: string, pattern: RegExp): Promise<string> {
  const text = await readFile(logFile(folder), 'utf8');
  if (!pattern.test(text)) throw new Error(text);
  return text;
}

async function configure(folder: string, port: number): Promise<void> {
  // Its processes run as the user postfix.
  await chmod(folder, 0o755);
  const [queue, data] = [join(folder, 'queue'), join(folder, 'data')];
  await mkdir(queue);
  await mkdir(data);
  await writeFile(join(folder, 'main.cf'), mainCf(folder, queue, data, port));
  await writeFile(join(folder, 'master.cf'), masterCf);
  await run('chown', ['postfix', data], { cwd: folder });
  // Makes the folders of the queue, with their owners.
  await run('postfix', ['-c', folder, 'check'], { cwd: folder });
}

const mainCf = (folder: string, queue: string, data: string, port: number): string => `
compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${data}
daemon_directory = ${daemons}
maillog_file = ${logFile(folder)}
maillog_file_prefixes = ${folder}
myhostname = client.example
mydestination =
alias_maps =
inet_protocols = ipv4
inet_interfaces = loopback-only
message_size_limit = 30000000
relayhost = [${server}]:${port}
`;

const masterCf = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
postlog unix-dgram n - n - 1 postlogd
`;
