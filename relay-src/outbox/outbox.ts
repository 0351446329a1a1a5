/** The queue put together: listener, spool, attempts, copies, metrics; startable from a test as from `main.ts`. */
import { join } from 'node:path';
import { createHealthServer } from '../daemon/health.ts';
import { listen } from '../daemon/listen.ts';
import type { Log } from '../daemon/log.ts';
import { parseSenderList, type SenderList } from '../smtp/senders.ts';
import { Bouncer } from './bounce.ts';
import type { Config } from './config.ts';
import { paths } from './contract.ts';
import { startControl } from './control/server.ts';
import type { IntakeRecord } from './intake/intake.ts';
import { findMailroot, takeOver, type TakenOver } from './import/take-over.ts';
import { startListener } from './intake/listener.ts';
import { MailpitCopier, type CopierOptions } from './mailpit-copy.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { graphLimits, smarthostLimits, type MailboxLimits } from './queue/limits.ts';
import { Queue } from './queue/queue.ts';
import type { Capacity } from './queue/schedule.ts';
import { committedStates, type Summary } from './spool/message.ts';
import { Spool, type SpoolOptions } from './spool/spool.ts';
import type { Transport } from './transport.ts';

/** What the configuration does not say, and a test replaces. */
export interface Parts {
  readonly log: Log;
  readonly transport: Transport;
  /** Who we are, for the lock of the spool. */
  readonly owner: string;
  /** The spool went to another process: nothing may be written any more, so the program must end. */
  readonly onLost: (reason: string) => void;
  readonly limits?: MailboxLimits;
  readonly capacity?: Capacity;
  readonly spool?: Partial<SpoolOptions>;
  /** Folder of an smtp2graph whose queue is taken over, if there is one. */
  readonly oldQueue?: string;
  readonly copyPause?: CopierOptions['pause'];
}

export interface Outbox {
  readonly metrics: Metrics;
  readonly spool: Spool;
  readonly ports: { readonly smtp: number; readonly metrics: number };
  /** Keeps the listener until the last session has quit; attempts under way have `grace` milliseconds. */
  stop(grace: number): Promise<void>;
}

/** A large message is in memory three times while it is sent: as it is, rewritten, and in base64. */
const defaultCapacity: Capacity = { attempts: 100, octets: 16 * 2 ** 20 };

/** Starts everything; resolves when mail is accepted. Throws if the spool or a port cannot be had. */
export async function startOutbox(config: Config, parts: Parts): Promise<Outbox> {
  const { log, transport } = parts;
  const now: { spool?: Spool; queue?: Queue; copier?: MailpitCopier | undefined } = {};
  const metrics = createMetrics({
    messages: () => perState(now.spool, (messages) => messages.length),
    oldest: () => perState(now.spool, ageOfOldest),
    mailboxesInTrouble: () => now.queue?.mailboxesInTrouble().length ?? 0,
    freeBytes: async () => now.spool?.freeBytes().catch(() => NaN) ?? NaN,
    tokenExpiry: () => inSeconds(transport.expiry().token),
    credentialExpiry: () => inSeconds(transport.expiry().credential),
    copies: () => now.copier?.waiting ?? 0,
  });
  // Before the spool: its lock may be another process's for a while, and probes ask all the time.
  const health = createHealthServer({
    paths,
    registry: metrics.registry,
    live: () => undefined,
    ready: async () => (now.spool === undefined ? 'the spool is being opened' : now.spool.problem()),
  });
  const metricsPort = await listen(health, config.metrics);

  const { onLost, owner } = parts;
  const spool = await Spool.open(config.spool, { owner, log, onLost, ...parts.spool });
  now.spool = spool;
  const { hostname, bounces, retry } = config;
  const queue = new Queue({
    spool,
    transport,
    bouncer: new Bouncer({ bounces, hostname, spool, transport }),
    limits: parts.limits ?? limitsOf(config),
    capacity: parts.capacity ?? defaultCapacity,
    retry: { ...retry, random: Math.random },
    log,
    metrics,
  });
  now.queue = queue;
  const copier = await startCopier(config, parts, spool, metrics);
  now.copier = copier;
  const control = await startControl({
    spool,
    log,
    onDeleted: async ({ memory }) => (memory === undefined ? undefined : transport.discard(memory)),
  });
  if (parts.oldQueue !== undefined) await takeOverOld(parts.oldQueue, spool, parts);
  queue.start();
  const listener = await startListener({
    spool,
    transport,
    log,
    hostname,
    listen: config.listen,
    maxSize: config.maxSize,
    senders: sendersOf(config),
    onEnd: (record) => {
      count(metrics, record);
      const { id, outcome, sender, recipients, bytes } = record;
      if (outcome === 'accepted' && id !== undefined) copier?.add(id, sender, recipients, bytes);
    },
    onRefusal: ({ rule }) => metrics.refused.inc({ rule }),
  });

  return {
    metrics,
    spool,
    ports: { smtp: listener.port, metrics: metricsPort },
    async stop(grace) {
      await Promise.all([listener.stop(grace), queue.stop(grace)]);
      await Promise.all([copier?.stop(), control.close(), transport.close()]);
      await spool.close();
      health.closeAllConnections();
      health.close();
    },
  };
}

/** What a predecessor left comes first. What cannot be taken now is found at the next start. */
async function takeOverOld(folder: string, spool: Spool, { log, transport }: Parts): Promise<void> {
  const onFile = ({ file, id, problem }: TakenOver): void =>
    problem === undefined
      ? log.info({ file, id }, 'taken over from smtp2graph')
      : log.warn({ file, problem }, 'not taken over from smtp2graph');
  try {
    const mailroot = await findMailroot(folder);
    if (mailroot !== undefined) await takeOver(mailroot, { spool, transport, onFile });
  } catch (error) {
    log.error({ folder, error: String(error) }, 'cannot take over the queue of smtp2graph');
  }
}

async function startCopier(
  { copy, hostname }: Config,
  { log, copyPause }: Parts,
  spool: Spool,
  metrics: Metrics,
): Promise<MailpitCopier | undefined> {
  if (copy === undefined) return undefined;
  return MailpitCopier.start({
    copy,
    folder: join(spool.layout.root, 'copies'),
    bodyOf: (id) => spool.layout.body('queued', id),
    hostname,
    log,
    metrics,
    ...(copyPause === undefined ? {} : { pause: copyPause }),
  });
}

function limitsOf({ transport }: Config): MailboxLimits {
  return transport.kind === 'graph' ? graphLimits : smarthostLimits(transport.maxConnections);
}

function sendersOf({ allowedFrom }: Config): SenderList | undefined {
  const senders = allowedFrom === undefined ? undefined : parseSenderList(allowedFrom);
  if (typeof senders === 'string') throw new Error(`allowedFrom: ${senders}`);
  return senders;
}

function count(metrics: Metrics, { outcome, refusedBy }: IntakeRecord): void {
  if (outcome === 'accepted') metrics.accepted.inc();
  if (outcome === 'resubmitted') metrics.resubmitted.inc();
  // Replies by a rule are counted where they are said.
  if (refusedBy === 'transport') metrics.refused.inc({ rule: refusedBy });
}

/** A level for each state, from all its messages. */
function perState(
  spool: Spool | undefined,
  level: (messages: readonly Summary[]) => number,
): (readonly [string, number])[] {
  const messages = [...(spool?.messages() ?? [])];
  return [
    ['incoming', spool?.receiving ?? 0],
    ...committedStates.map((state) => [state, level(messages.filter((one) => one.state === state))] as const),
  ];
}

function ageOfOldest(messages: readonly Summary[]): number {
  const now = Date.now();
  return (now - messages.reduce((oldest, { accepted }) => Math.min(oldest, accepted), now)) / 1000;
}

/** A metric in seconds; NaN while it is not known. */
const inSeconds = (milliseconds: number | undefined): number => (milliseconds ?? NaN) / 1000;
