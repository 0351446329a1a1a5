/**
 * `node delivering.ts CONFIG MILLISECONDS`: outbox whole, with a stand-in for its transport alone that takes so long
 * for each message.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../relay-src/daemon/log.ts';
import { parseConfig } from '../../relay-src/outbox/config.ts';
import { startOutbox } from '../../relay-src/outbox/outbox.ts';
import type { Transport, Verdict } from '../../relay-src/outbox/transport.ts';

const [configuration = '', milliseconds = ''] = process.argv.slice(2);
const { log, flush } = createLog({ level: 'info', format: 'json' });

const sent: Verdict = { result: 'sent', answer: '202 Accepted' };

const transport: Transport = {
  kind: 'stand-in',
  maxSize: undefined,
  mailboxOf: ({ headerFrom }) => headerFrom,
  refuse: async () => undefined,
  async deliver(delivery) {
    await delivery.read();
    await sleep(Number(milliseconds));
    return new Map(delivery.recipients.map((recipient) => [recipient, sent]));
  },
  expiry: () => ({}),
  discard: async () => undefined,
  close: async () => undefined,
};

const config = parseConfig(configuration, 'bench');
const outbox = await startOutbox(config, {
  log,
  transport,
  owner: 'bench',
  onLost: (reason) => {
    throw new Error(reason);
  },
  // A mailbox of Graph takes 30 messages a minute: the queue shall be measured, not that.
  limits: { concurrent: 100, rates: [] },
});
process.once('SIGTERM', () => {
  void outbox.stop(0).then(() => {
    flush();
    process.exit(0);
  });
});
