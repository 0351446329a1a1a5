/** The relay put together: listeners, upstream, DNS, metrics; startable from a test as from `main.ts`. */
import { createHealthServer } from '../daemon/health.ts';
import { listen } from '../daemon/listen.ts';
import type { Log } from '../daemon/log.ts';
import { ClientError, type NextHop } from '../smtp/client.ts';
import { Pool } from '../smtp/pool.ts';
import { limits as standardLimits, ReplyBook, type Limits, type Replies } from '../smtp/rules.ts';
import { RelayServer } from '../smtp/server.ts';
import { ByteBudget } from './budget.ts';
import { readCertificate, watchCertificate } from './certificate.ts';
import { StripList } from './calendar/mixed-recipients.ts';
import type { Config } from './config.ts';
import { paths } from './contract.ts';
import { createDomainChecker } from './dns/checker.ts';
import type { DomainChecker } from './dns/verdict.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { PassThrough, type TransactionRecord } from './pass-through.ts';

/** Waits, in milliseconds; a test makes them short. */
export interface Waits {
  readonly connect: number;
  readonly reply: number;
  readonly block: number;
  readonly final: number;
  /** For room towards the upstream, before 452. */
  readonly room: number;
  readonly keepIdle: number;
  readonly probeEvery: number;
  readonly certificateEvery: number;
}

export const defaultWaits: Waits = {
  connect: 5000,
  reply: 30_000,
  block: 180_000,
  final: 120_000,
  room: 30_000,
  keepIdle: 20_000,
  probeEvery: 10_000,
  certificateEvery: 10_000,
};

/** What a test replaces. */
export interface Parts {
  readonly log: Log;
  readonly domains?: DomainChecker;
  readonly waits?: Partial<Waits>;
  readonly replies?: Replies;
  readonly limits?: Limits;
}

export interface Relay {
  readonly metrics: Metrics;
  /** Ports in the order of the listeners, then the metrics port. */
  readonly ports: readonly number[];
  /** Stops accepting, lets transactions end for `grace` milliseconds, then ends the rest. */
  stop(grace: number): Promise<void>;
}

/** Starts everything; resolves when all ports listen. Throws if one cannot. */
export async function startRelay(config: Config, parts: Parts): Promise<Relay> {
  const { log } = parts;
  const waits = { ...defaultWaits, ...parts.waits };
  const limits = parts.limits ?? standardLimits;
  const metrics: Metrics = createMetrics({
    bytesInFlight: () => budget.used,
    upstreamConnections: () => pool.size,
  });
  const domains = parts.domains ?? createChecker(config, metrics);
  const pool = createPool(config, waits, metrics);
  const budget = new ByteBudget(config.maxBytesInFlight, waits.room);
  const replies = new ReplyBook(config.hostname, parts.replies);
  const strip = new StripList(config.stripIcsRecipients, config.mixedRecipients);
  const tls = config.tls === undefined ? undefined : await readCertificate(config.tls);

  const servers = config.listeners.map(
    (listener) =>
      new RelayServer({
        hostname: config.hostname,
        replies,
        limits,
        bareNewline: config.bareNewline,
        maxRecipients: config.maxRecipients,
        maxConnections: config.maxConnections,
        maxConnectionsPerAddress: config.maxConnectionsPerAddress,
        proxyFrom: config.proxyFrom,
        tls,
        handler: new PassThrough({
          pool,
          domains,
          budget,
          replies,
          limits,
          hostname: config.hostname,
          maxMessageBytes: config.maxMessageBytes,
          senders: listener.senders,
          postmaster: config.postmaster,
          checkSenderDomain: config.checkSenderDomain,
          refusedDomains: config.refusedDomains,
          strip,
          onEnd: (record) => {
            count(metrics, record);
            logTransaction(log, record);
          },
        }),
        onConnect: () => {
          metrics.connections.inc();
          metrics.activeConnections.inc();
        },
        onDisconnect: () => metrics.activeConnections.dec(),
        onRefusal: (reply) => metrics.refusals.inc({ rule: reply.rule }),
        onError: (error, where) => {
          if (where === 'client') log.debug({ error: error.message }, 'client connection failed');
          else log.error({ error: error.stack ?? error.message }, 'internal error');
        },
      }),
  );

  const unwatch =
    config.tls === undefined || tls === undefined
      ? undefined
      : watchCertificate(
          config.tls,
          tls,
          waits.certificateEvery,
          (certificate) => {
            for (const server of servers) server.updateSecureContext(certificate);
            log.info('certificate changed');
          },
          (error) =>
            log.error({ error: String(error) }, 'new certificate cannot be used, keeping the old one'),
        );

  let stopping = false;
  const probe = createProbe(pool, metrics, log);
  const health = createHealthServer({
    paths,
    registry: metrics.registry,
    live: () => (stopping ? 'stopping' : undefined),
    ready: async () => (stopping ? 'stopping' : probe()),
  });
  // Known before the first EHLO is answered, so that it offers what the upstream takes.
  await probe();
  const prober = setInterval(() => void probe(), waits.probeEvery);
  prober.unref();

  const ports: number[] = [];
  for (const [index, listener] of config.listeners.entries()) {
    const server = servers[index];
    if (server !== undefined) ports.push(await listen(server.server, listener));
  }
  ports.push(await listen(health, config.metrics));

  return {
    metrics,
    ports,
    async stop(grace) {
      stopping = true;
      clearInterval(prober);
      unwatch?.();
      await Promise.all(servers.map((server) => server.drain(grace)));
      pool.close();
      domains.close();
      health.closeAllConnections();
      health.close();
    },
  };
}

function createPool(config: Config, waits: Waits, metrics: Metrics): Pool {
  const hop: NextHop = {
    ...config.upstream,
    name: config.hostname,
    connectTimeout: waits.connect,
    replyTimeout: waits.reply,
    blockTimeout: waits.block,
    finalTimeout: waits.final,
  };
  return new Pool({
    hop,
    maxConnections: config.maxUpstreamConnections,
    maxWait: waits.room,
    idleTime: waits.keepIdle,
    onConnect: (seconds) => {
      metrics.upstreamUp.set(1);
      metrics.upstreamConnectSeconds.observe(seconds);
    },
    onConnectError: (error) => {
      metrics.upstreamUp.set(0);
      metrics.upstreamErrors.inc({ failure: error instanceof ClientError ? error.failure : 'connect' });
    },
  });
}

function createChecker(config: Config, metrics: Metrics): DomainChecker {
  return createDomainChecker({
    ...(config.dnsServers === undefined ? {} : { servers: config.dnsServers }),
    observer: {
      answered: (source) => (metrics.totals.dnsAnswers[source] += 1),
      lookedUp: (outcome, seconds) => {
        metrics.dnsLookups.inc({ outcome });
        metrics.dnsSeconds.observe(seconds);
      },
      cacheSize: (entries) => metrics.dnsCacheEntries.set(entries),
    },
  });
}

/** Asks the upstream for its greeting; one question at a time. Resolves with what is wrong, or undefined. */
function createProbe(pool: Pool, metrics: Metrics, log: Log): () => Promise<string | undefined> {
  let running: Promise<string | undefined> | undefined;
  let up: boolean | undefined;
  const ask = async (): Promise<string | undefined> => {
    let problem: string | undefined;
    try {
      await pool.probe();
    } catch (error) {
      problem = `upstream: ${error instanceof Error ? error.message : String(error)}`;
    }
    const now = problem === undefined;
    metrics.upstreamUp.set(now ? 1 : 0);
    if (now !== up)
      log[now ? 'info' : 'warn']({ problem }, now ? 'upstream answers' : 'upstream does not answer');
    up = now;
    running = undefined;
    return problem;
  };
  return () => (running ??= ask());
}

function count(metrics: Metrics, record: TransactionRecord): void {
  const { outcome } = record;
  metrics.totals.transactions[outcome] += 1;
  metrics.totals.receivedBytes += record.bytes;
  metrics.totals.transactionSeconds[outcome].observe(record.seconds);
  if (record.refusedRecipients > 0) metrics.rejected.inc(record.refusedRecipients);
  if (record.repaired > 0) metrics.bareNewlines.inc(record.repaired);
  const { calendar } = record;
  if (calendar === undefined || outcome !== 'accepted') return;
  if (calendar.cut > 0) metrics.icsStripped.inc();
  for (const [reason, times] of Object.entries(calendar.skipped)) {
    if (times > 0) metrics.icsSkipped.inc({ reason }, times);
  }
}

function logTransaction(log: Log, record: TransactionRecord): void {
  const { session, calendar } = record;
  log.info(
    {
      tx: record.tx,
      outcome: record.outcome,
      client: session.remoteAddress,
      helo: session.helo,
      listener: session.localPort,
      from: record.sender,
      to: record.recipients,
      bytes: record.bytes,
      ms: Math.round(record.seconds * 1000),
      reply: record.reply,
      ...(record.repaired > 0 ? { repaired: record.repaired } : {}),
      ...(record.mixed ? { mixed: true } : {}),
      ...(calendar === undefined ? {} : { calendar }),
    },
    'transaction',
  );
}
