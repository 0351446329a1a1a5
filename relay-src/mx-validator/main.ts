/** mx-validator: reads its environment, runs until SIGTERM. Exit 0 after a drain, 78 for a bad configuration. */
import { createLog } from '../daemon/log.ts';
import { collectProcessMetrics } from '../daemon/metrics.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { drainSeconds } from './contract.ts';
import { startRelay } from './relay.ts';

/** EX_CONFIG of sysexits.h. */
const badConfiguration = 78;
/** A little before the grace time that the pod has, so that what is cut still hears a 421. */
const grace = (drainSeconds - 2) * 1000;

function configure(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`mx-validator: bad configuration\n${error.message}\n`);
    return process.exit(badConfiguration);
  }
}

const config = configure();
const { log, flush } = createLog({ level: config.logLevel, format: config.logFormat });

function die(error: unknown, what: string): never {
  log.fatal({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, what);
  flush();
  process.stderr.write(`mx-validator: ${what}: ${String(error)}\n`);
  process.exit(1);
}

process.on('uncaughtException', (error) => die(error, 'crashed'));
process.on('unhandledRejection', (error) => die(error, 'crashed'));

/** Starts, and stays until a signal. No top-level await: the image runs this bundled as CommonJS. */
async function run(): Promise<void> {
  const relay = await startRelay(config, { log });
  collectProcessMetrics(relay.metrics);
  log.info({ ports: relay.ports, upstream: config.upstream, hostname: config.hostname }, 'listening');

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, stopping ? 'stopping at once' : 'draining');
    if (stopping) {
      flush();
      process.exit(1);
    }
    stopping = true;
    relay.stop(grace).then(
      () => {
        log.info('stopped');
        flush();
        process.exit(0);
      },
      (error: unknown) => die(error, 'cannot stop'),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

run().catch((error: unknown) => die(error, 'cannot start'));
