/**
 * `node outbox-program.ts FOLDER HOST:PORT down|MILLISECONDS`: outbox whole, with a stand-in for its transport alone,
 * so that what the queue costs is measured and not what HTTPS does.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../relay-src/daemon/log.ts';
import { parseConfig } from '../../relay-src/outbox/config.ts';
import { startOutbox } from '../../relay-src/outbox/outbox.ts';
import type { Transport, Verdict } from '../../relay-src/outbox/transport.ts';

const [folder = '', listen = '', nextHop = ''] = process.argv.slice(2);
const { log, flush } = createLog({ level: 'info', format: 'json' });

async function verdict(): Promise<Verdict> {
  if (nextHop === 'down') return { result: 'deferred', scope: 'mailbox', answer: 'connection refused' };
  await sleep(Number(nextHop));
  return { result: 'sent', answer: '202 Accepted' };
}

const transport: Transport = {
  kind: 'stand-in',
  maxSize: undefined,
  mailboxOf: ({ headerFrom }) => headerFrom,
  refuse: async () => undefined,
  async deliver(delivery) {
    await delivery.read();
    const same = await verdict();
    return new Map(delivery.recipients.map((recipient) => [recipient, same]));
  },
  expiry: () => ({}),
  discard: async () => undefined,
  close: async () => undefined,
};

const config = parseConfig(
  JSON.stringify({
    listen,
    metrics: '127.0.0.1:0',
    spool: join(folder, 'spool'),
    hostname: 'outbox.test',
    allowedFrom: ['ok.test'],
    transport: { kind: 'smarthost', host: '127.0.0.1', tls: 'none' },
  }),
  'bench',
);
const outbox = await startOutbox(config, {
  log,
  transport,
  owner: 'bench',
  onLost: (reason) => {
    throw new Error(reason);
  },
  // A mailbox of Graph takes 30 messages a minute: the queue shall be measured, not that.
  limits: { concurrent: 100, rates: [] },
  spool: { reserveBytes: 0 },
});
process.once('SIGTERM', () => {
  void outbox.stop(0).then(() => {
    flush();
    process.exit(0);
  });
});
