import type { Destination } from './destination.ts';
import { startMailpit } from './mailpit.ts';
import { startMxValidator } from './mx-validator.ts';
import { freePort } from './ports.ts';
import { startSink } from './sink.ts';

export interface PipelineOptions {
  /** Path of Mailpit; the sink stands in when left out. */
  readonly mailpit?: string | undefined;
  /** `ip:port,…` of resolvers; the system's when left out. */
  readonly dnsServers?: string | undefined;
  /** Wanted ports on loopback; another is taken when one is not free. 0 is any. */
  readonly ports: {
    readonly smtp: number;
    readonly ui: number;
    readonly metrics: number;
    readonly upstream: number;
  };
  /** Gets what there is to tell. */
  readonly say: (line: string) => void;
  /** Gets what the programs print, line by line. */
  readonly onLine: (program: string, line: string) => void;
}

export interface Pipeline {
  readonly smtpPort: number;
  readonly metricsPort: number;
  readonly destination: Destination;
  /** Resolves when one of the programs has ended without being asked to, with which and how. */
  readonly broken: Promise<string>;
  /** Stops all in the order of the mail, so that what runs can end. */
  stop(): Promise<void>;
}

/** Starts the pipeline of one pod as processes on loopback: mx-validator in front of Mailpit or the sink. */
export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { ports, say, onLine } = options;
  const destination = await startDestination(options);
  try {
    const smtpPort = await freePort(ports.smtp, 'mx-validator', say);
    const metricsPort = await freePort(ports.metrics, 'its metrics page', say);
    const validator = await startMxValidator({
      smtpPort,
      metricsPort,
      upstreamPort: destination.smtpPort,
      dnsServers: options.dnsServers,
      onLine: (line) => onLine('mx-validator', line),
    });
    return {
      smtpPort,
      metricsPort,
      destination,
      broken: Promise.race([
        validator.ended.then((how) => `mx-validator ended: ${how}`),
        destination.ended.then((how) => `${destination.name} ended: ${how}`),
      ]),
      async stop() {
        await validator.stop();
        await destination.stop();
      },
    };
  } catch (error) {
    await destination.stop();
    throw error;
  }
}

async function startDestination({ mailpit, ports, say, onLine }: PipelineOptions): Promise<Destination> {
  if (mailpit === undefined) {
    return startSink(await freePort(ports.upstream, 'the sink', say), (line) => onLine('sink', line));
  }
  return startMailpit({
    binary: mailpit,
    smtpPort: ports.upstream,
    uiPort: ports.ui,
    say,
    onLine: (line) => onLine('mailpit', line),
  });
}
