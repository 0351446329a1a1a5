/** The accepting half of outbox on a folder, and a client that remembers what it was promised. */
import { createLog } from '../../relay-src/daemon/log.ts';
import { startListener } from '../../relay-src/outbox/intake/listener.ts';
import { Spool } from '../../relay-src/outbox/spool/spool.ts';
import { RawClient } from '../../relay-src/testing/raw-client.ts';

const { log } = createLog({ level: 'silent', format: 'json' });

export interface IntakeUnderTest {
  readonly spool: Spool;
  /** Sends messages, one after the other, until one is refused or `most` are accepted; the last reply. */
  sendUntilRefused(most: number, octets: number): Promise<string>;
  /** Compares what is on the disk with every 250. Throws with what is wrong. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/** Queue ids and texts of all messages whose 250 was said: also over several starts. */
export type Promises = Map<string, string>;

export async function startIntake(
  folder: string,
  promised: Promises,
  reserveBytes: number,
): Promise<IntakeUnderTest> {
  const spool = await Spool.open(folder, {
    owner: 'disk',
    log,
    reserveBytes,
    onLost: (reason) => {
      throw new Error(reason);
    },
  });
  const listener = await startListener({
    spool,
    log,
    hostname: 'outbox.example',
    listen: { host: '127.0.0.1', port: 0 },
    maxSize: 10 * 2 ** 20,
    senders: undefined,
    transport: { maxSize: undefined, mailboxOf: ({ sender }) => sender, refuse: async () => undefined },
  });
  let number = 0;
  return {
    spool,
    async sendUntilRefused(most, octets) {
      const client = await RawClient.connect(listener.port);
      await client.reply();
      await client.ask('EHLO client.example');
      try {
        for (let sent = 0; sent < most; sent += 1) {
          number += 1;
          const line = `${'x'.repeat(70)}\r\n`;
          const header = `From: app@example.com\r\nSubject: ${number}\r\n\r\n`;
          const text = header + line.repeat(Math.ceil(octets / line.length));
          const reply = await send(client, text);
          const id = /^250 2\.0\.0 queued as (\S+)$/.exec(reply)?.[1];
          if (id === undefined) return reply;
          promised.set(id, text);
        }
        return '250';
      } finally {
        client.close();
      }
    },
    async verify() {
      const found = new Set([...spool.messages()].map(({ id }) => id));
      for (const [id, text] of promised) {
        if (!found.delete(id)) throw new Error(`${id} was promised and is not there`);
        if (!(await spool.read(id)).toString().endsWith(text)) throw new Error(`${id} is not what was sent`);
      }
      if (found.size > 0) throw new Error(`${[...found].join(', ')} are there and were refused`);
    },
    async close() {
      await listener.stop(0);
      await spool.close();
    },
  };
}

async function send(client: RawClient, text: string): Promise<string> {
  for (const command of ['MAIL FROM:<app@example.com>', 'RCPT TO:<a@example.org>', 'DATA']) {
    const [reply = ''] = await client.ask(command, 40_000);
    if (!/^[23]/.test(reply)) return reply;
  }
  await client.send(`${text}.\r\n`);
  return (await client.reply(40_000)).join(' ');
}
