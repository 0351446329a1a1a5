import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defaultApp, startFakeGraph } from '../../relay-src/testing/fake-graph/server.ts';
import type { FakeGraph, FakeGraphOptions } from '../../relay-src/testing/fake-graph/server.ts';
import type { Destination } from './destination.ts';
import { startMailpit } from './mailpit.ts';
import { startMxValidator } from './mx-validator.ts';
import { startOutbox } from './outbox.ts';
import type { Outbox, OutboxConfig } from './outbox.ts';
import { freePort } from './ports.ts';
import { startSink } from './sink.ts';

/** Where outbox sends: to a stand-in for Graph, or where a configuration says. */
export type Delivery =
  | {
      readonly kind: 'stand-in';
      /** The app registration that it knows, if it is not its own. */
      readonly app?: FakeGraphOptions['app'];
      /** What outbox is told, beside the stand-in's addresses. */
      readonly config?: OutboxConfig;
    }
  | { readonly kind: 'real'; readonly config: OutboxConfig };

export interface PipelineOptions {
  readonly delivery: Delivery;
  /** Path of Mailpit; the sink stands in when left out. */
  readonly mailpit?: string | undefined;
  /** `ip:port,…` of resolvers; the system's when left out. */
  readonly dnsServers?: string | undefined;
  /** Wanted ports on loopback; another is taken when one is not free. 0 is any. */
  readonly ports: {
    readonly smtp: number;
    readonly ui: number;
    readonly metrics: number;
    readonly outbox: number;
    readonly outboxMetrics: number;
    readonly copy: number;
  };
  /** Gets what there is to tell. */
  readonly say: (line: string) => void;
  /** Gets what the programs print, line by line. */
  readonly onLine: (program: string, line: string) => void;
}

export interface Pipeline {
  readonly smtpPort: number;
  readonly metricsPort: number;
  readonly outbox: Outbox;
  /** Where the copies are. */
  readonly destination: Destination;
  /** Where the mail is, unless it left this machine. */
  readonly graph: FakeGraph | undefined;
  /** Resolves when one of the programs has ended without being asked to, with which and how. */
  readonly broken: Promise<string>;
  /** Stops all in the order of the mail, so that what runs can end. */
  stop(): Promise<void>;
}

/**
 * Starts the pod as processes on loopback: mx-validator, outbox behind it, a copy for Mailpit or the sink, and Graph
 * or its stand-in at the end.
 */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { delivery, ports, say, onLine } = options;
  const folder = mkdtempSync(join(tmpdir(), 'email-relay-up-'));
  let isKept = false;
  const stops: (() => Promise<void> | void)[] = [
    () => {
      if (!isKept) rmSync(folder, { recursive: true });
    },
  ];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const { graph, config } = await startGraph(delivery);
    stops.push(() => graph?.stop());
    const destination = await startDestination(options);
    stops.push(() => destination.stop());
    const outbox = await startOutbox({
      config,
      folder,
      smtpPort: await freePort(ports.outbox, 'outbox', say),
      metricsPort: await freePort(ports.outboxMetrics, "outbox's metrics page", say),
      copyPort: destination.smtpPort,
      onLine: (line) => onLine('outbox', line),
    });
    stops.push(async () => {
      await outbox.stop();
      // The stand-in's mail is nobody's.
      isKept = delivery.kind === 'real' && outbox.waiting() > 0;
      if (isKept) say(`outbox still holds ${outbox.waiting()} messages in ${folder}`);
    });
    const smtpPort = await freePort(ports.smtp, 'mx-validator', say);
    const metricsPort = await freePort(ports.metrics, 'its metrics page', say);
    const validator = await startMxValidator({
      smtpPort,
      metricsPort,
      upstreamPort: outbox.smtpPort,
      dnsServers: options.dnsServers,
      onLine: (line) => onLine('mx-validator', line),
    });
    stops.push(() => validator.stop());
    return {
      smtpPort,
      metricsPort,
      outbox,
      destination,
      graph,
      broken: Promise.race(
        [validator, outbox, destination].map(({ name, ended }) =>
          ended.then((how) => `${name} ended: ${how}`),
        ),
      ),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The stand-in for Graph where one is wanted, and a configuration with its addresses in the place of Microsoft's. */
async function startGraph(
  delivery: Delivery,
): Promise<{ readonly graph: FakeGraph | undefined; readonly config: OutboxConfig }> {
  if (delivery.kind === 'real') return { graph: undefined, config: delivery.config };
  const graph = await startFakeGraph({ app: delivery.app ?? {} });
  const { tenant, clientId, clientSecret } = { ...defaultApp, ...delivery.app };
  const said = delivery.config?.transport ?? { kind: 'graph', tenant, clientId, clientSecret };
  const places = { loginUrl: graph.url, graphUrl: graph.url, ca: graph.caFile };
  return { graph, config: { ...delivery.config, transport: { ...said, ...places } } };
}

async function startDestination({ mailpit, ports, say, onLine }: PipelineOptions): Promise<Destination> {
  if (mailpit === undefined) {
    return startSink(await freePort(ports.copy, 'the sink', say), (line) => onLine('sink', line));
  }
  return startMailpit({
    binary: mailpit,
    smtpPort: ports.copy,
    uiPort: ports.ui,
    say,
    onLine: (line) => onLine('mailpit', line),
  });
}
