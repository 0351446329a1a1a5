/** mx-validator: reads its environment, runs until SIGTERM. Exit 0 after a drain, 78 for a bad configuration. */
import { createLog } from '../daemon/log.ts';
import { collectProcessMetrics } from '../daemon/metrics.ts';
import { runDaemon } from '../daemon/run.ts';
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

// No top-level await: the image runs this bundled as CommonJS.
runDaemon({
  name: 'mx-validator',
  log,
  flush,
  grace,
  start: async () => {
    const relay = await startRelay(config, { log });
    collectProcessMetrics(relay.metrics);
    log.info({ ports: relay.ports, upstream: config.upstream, hostname: config.hostname }, 'listening');
    return relay;
  },
});
