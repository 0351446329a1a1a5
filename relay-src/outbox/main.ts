/**
 * outbox: `outbox --config FILE` runs until SIGTERM; its subcommands look at its queue and steer it. Exit code of the
 * daemon: 0 after a drain, 78 for a bad configuration, else 1; of a subcommand: 0 done, 1 not all, 2 could not run.
 */
import { Command } from 'commander';
import { createLog } from '../daemon/log.ts';
import { collectProcessMetrics } from '../daemon/metrics.ts';
import { runDaemon } from '../daemon/run.ts';
import { ConfigError, readConfig, type Config } from './config.ts';
import { drainSeconds, files } from './contract.ts';
import { addControlCommands } from './control/commands.ts';
import { addImportCommand } from './import/command.ts';
import { startOutbox } from './outbox.ts';
import { ownerFrom } from './spool/lock.ts';
import { createTransport } from './transports.ts';

/** EX_CONFIG of sysexits.h. */
const badConfiguration = 78;
/** A little before the grace time that the pod has, so that what is cut still hears a 421. */
const grace = (drainSeconds - 2) * 1000;

const program = new Command('outbox')
  .description('a durable queue from SMTP to Microsoft Graph or a smarthost')
  .option('--config <file>', 'the configuration', files.config)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(() => run(configure()));
const owner = ownerFrom(process.env);
// What a command has to say goes to its terminal.
const quiet = createLog({ level: 'silent', format: 'json' }).log;
addControlCommands(program, () => configure().spool);
addImportCommand(program, {
  config: configure,
  transport: (config) => createTransport(config, quiet),
  log: quiet,
  owner,
});

function configure(): Config {
  try {
    return readConfig(program.opts<{ config: string }>().config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`outbox: bad configuration\n${error.message}\n`);
    return process.exit(badConfiguration);
  }
}

// No top-level await: the image runs this bundled as CommonJS.
function run(config: Config): void {
  const { log, flush } = createLog(config.log);
  runDaemon({
    name: 'outbox',
    log,
    flush,
    grace,
    start: async (die) => {
      const transport = await createTransport(config, log);
      const outbox = await startOutbox(config, {
        log,
        transport,
        owner,
        oldQueue: files.smtp2graph,
        onLost: die,
      });
      collectProcessMetrics(outbox.metrics);
      log.info({ ports: outbox.ports, spool: config.spool, transport: transport.kind }, 'listening');
      return outbox;
    },
  });
}

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`outbox: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});
