import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../tools/run.ts';
import { startProgram } from '../up/process.ts';
import { until } from '../up/until.ts';
import { messageOf, runClient, server } from './client.ts';
import type { Client } from './client.ts';

const daemons = '/usr/lib/postfix/sbin';

/** A Postfix of its own that has mx-validator for its smarthost, with a queue that is gone afterwards. */
export const postfix: Client = {
  name: 'Postfix',
  lacks: [],
  async send(mail, port) {
    const folder = await mkdtemp(join(tmpdir(), 'postfix-'));
    const log = join(folder, 'maillog');
    let printed = '';
    try {
      await configure(folder, port);
      const master = startProgram({
        name: 'Postfix',
        command: join(daemons, 'master'),
        args: ['-c', folder, '-d'],
        env: { PATH: process.env['PATH'], MAIL_CONFIG: folder },
        onLine: (line) => (printed += `${line}\n`),
      });
      try {
        await until(
          'Postfix',
          async () => (await readFile(log, 'utf8')).includes('daemon started') || undefined,
          {
            of: master,
          },
        );
        const args = ['-C', folder, '-i', '-f', mail.from, '--', ...mail.to];
        const submitted = await runClient('sendmail', args, messageOf(mail));
        if (!submitted.accepted) return submitted;
        const transcript = await until('Postfix to end with the mail', () => fateIn(log), {
          seconds: 30,
          of: master,
        });
        return { accepted: !/status=(?!sent)/.test(transcript), transcript };
      } finally {
        await master.stop();
      }
    } catch (error) {
      const entries = await readFile(log, 'utf8').catch(() => '');
      throw new Error(`${String(error)}\n${printed}${entries}`, { cause: error });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** The log, once the mail has left the queue or will be tried again later. */
async function fateIn(log: string): Promise<string | undefined> {
  const text = await readFile(log, 'utf8');
  return /: removed$|status=deferred/m.test(text) ? text : undefined;
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
maillog_file = ${folder}/maillog
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
