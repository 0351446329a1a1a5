/** The listener of outbox, from the first connection to the last QUIT. */
import { setTimeout as sleep } from 'node:timers/promises';
import { listen, type Address } from '../../daemon/listen.ts';
import type { Log } from '../../daemon/log.ts';
import { ReplyBook, type Limits, type Replies, type RuledReply } from '../../smtp/rules.ts';
import { RelayServer } from '../../smtp/server.ts';
import { Intake, type IntakeOptions, type IntakeRecord } from './intake.ts';
import { outboxReplies } from './replies.ts';

export interface ListenerOptions extends Omit<IntakeOptions, 'replies' | 'onEnd'> {
  readonly listen: Address;
  readonly log: Log;
  readonly replies?: Replies;
  readonly limits?: Limits;
  /** Every transaction that is over; it is logged already. */
  readonly onEnd?: (record: IntakeRecord) => void;
  /** Every reply that refuses something by a rule. */
  readonly onRefusal?: (reply: RuledReply) => void;
}

export interface Listener {
  readonly port: number;
  /**
   * After SIGTERM: goes on as before until no session was open for a moment, since mx-validator is still ending its
   * transactions; after `grace` milliseconds ends the rest with 421.
   */
  stop(grace: number): Promise<void>;
}

/** More than mx-validator opens, at most as many as there are recipients in a large list. */
const maxConnections = 1000;
const maxRecipients = 1000;
/** Milliseconds without a session after which none is expected any more. */
const quiet = 1000;

/** Resolves when it listens. */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { log } = options;
  const replies = new ReplyBook(options.hostname, options.replies ?? outboxReplies);
  const server = new RelayServer({
    hostname: options.hostname,
    replies,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    bareNewline: 'normalize',
    maxRecipients,
    maxConnections,
    handler: new Intake({
      ...options,
      replies,
      onEnd: (record) => {
        logRecord(log, record);
        options.onEnd?.(record);
      },
    }),
    onRefusal: (reply) => options.onRefusal?.(reply),
    onError: (error, where) => {
      if (where === 'client') log.debug({ error: error.message }, 'client connection failed');
      else log.error({ error: error.stack ?? error.message }, 'internal error');
    },
  });
  const port = await listen(server.server, options.listen);
  return {
    port,
    async stop(grace) {
      const end = performance.now() + grace;
      let quietSince = performance.now();
      while (performance.now() < Math.min(end, quietSince + quiet)) {
        await sleep(50);
        if (server.connections.size > 0) quietSince = performance.now();
      }
      await server.drain(Math.max(0, end - performance.now()));
    },
  };
}

function logRecord(log: Log, record: IntakeRecord): void {
  const { session } = record;
  log.info(
    {
      id: record.id,
      tx: record.tx,
      outcome: record.outcome,
      client: session.remoteAddress,
      from: record.sender,
      to: record.recipients,
      bytes: record.bytes,
      ms: Math.round(record.seconds * 1000),
      reply: record.reply,
    },
    'received',
  );
}
