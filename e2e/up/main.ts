/**
 * `npm run up`: the relay on this machine, without a cluster, to send it a mail and look at the result.
 * Exit codes: 0 stopped by Ctrl-C, 1 one of the programs ended, 2 could not start.
 */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';

import { parse } from 'yaml';

import { readConfig } from '../../relay-src/outbox/config.ts';
import { ports as outboxPorts } from '../../relay-src/outbox/contract.ts';
import { ports as containerPorts } from '../../relay-src/mx-validator/contract.ts';
import { chooseDns } from './dns.ts';
import type { Dns } from './dns.ts';
import { findMailpit } from './mailpit.ts';
import { startPipeline } from './pipeline.ts';
import type { Delivery, Pipeline } from './pipeline.ts';
import { loopback } from './ports.ts';

interface Options {
  readonly graph?: string;
  readonly sink?: true;
  readonly dns?: string;
  readonly testDns?: true;
  readonly smtpPort: number;
  readonly uiPort: number;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new InvalidArgumentError('A port is a number from 1 to 65535.');
  }
  return number;
}

const leave = (): never => process.exit(0);

async function up(options: Options): Promise<void> {
  // Until all is running, a signal ends this process at once, and what it has started with it.
  for (const signal of signals) process.on(signal, leave);
  const dns = await chooseDns(options, say);
  const pipeline = await start(options, dns);
  say(welcome(pipeline, dns.goodDomain));
  const stopped = new Promise<undefined>((resolve) => {
    for (const signal of signals) process.off(signal, leave).on(signal, () => resolve(undefined));
  });

  const broken = await Promise.race([stopped, pipeline.broken]);
  say(broken === undefined ? '\nstopping …' : `\n${broken}; stopping the rest …`);
  await pipeline.stop();
  await dns.stop();
  say('stopped');
  process.exit(broken === undefined ? 0 : 1);
}

async function start({ graph, sink, smtpPort, uiPort }: Options, { servers }: Dns): Promise<Pipeline> {
  const delivery = deliveryBy(graph);
  const mailpit = sink === true ? undefined : await findMailpit(say);
  return startPipeline({
    delivery,
    mailpit,
    dnsServers: servers,
    ports: {
      smtp: smtpPort,
      ui: uiPort,
      metrics: containerPorts.metrics,
      outbox: outboxPorts.smtp,
      outboxMetrics: outboxPorts.metrics,
      copy: 1025,
    },
    say,
    onLine: (program, line) => say(`${program.padEnd(12)} | ${line}`),
  });
}

/** @throws {Error} for a configuration that outbox would refuse */
function deliveryBy(file: string | undefined): Delivery {
  if (file === undefined) return { kind: 'stand-in' };
  readConfig(file);
  return { kind: 'real', config: parse(readFileSync(file, 'utf8')) };
}

function welcome({ smtpPort, metricsPort, outbox, destination, graph }: Pipeline, domain: string): string {
  const server = `${loopback}:${smtpPort}`;
  const whereto =
    graph === undefined
      ? 'MAIL LEAVES IT: outbox sends it on as its configuration says'
      : 'No mail leaves it: outbox sends it to a stand-in for Microsoft Graph';
  const ledger =
    graph === undefined ? '' : `\n  what was sent curl --cacert ${graph.caFile} ${graph.url}/fake/ledger`;
  return `
The relay runs on this machine. ${whereto},
and gives a copy to ${destination.name}.

  send mail to  ${server}
  look at it    ${destination.ui ?? 'here, below'}${ledger}
  what waits    npm run -s outbox -- --config ${outbox.configFile} list
  metrics       http://${loopback}:${metricsPort}/metrics, http://${loopback}:${outbox.metricsPort}/metrics

Try this in another terminal. The recipient's domain is looked up in DNS, so it has to exist:

  printf 'From: app@example.org\\r\\nTo: you@${domain}\\r\\nSubject: Hello\\r\\n\\r\\nIt works.\\r\\n' |
    curl --url smtp://${server} --mail-from app@example.org --mail-rcpt you@${domain} --upload-file -

  swaks --server ${server} --from app@example.org --to you@gone.invalid    # refused: 550 5.1.2

Ctrl-C stops it.
`;
}

await new Command('npm run up --')
  // Commander's own errors are about arguments: exit code 2, as for all that could not run.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .description(
    'Run the relay on this machine, without a cluster: mx-validator, outbox, and copies in Mailpit.',
  )
  .option('--graph <file>', 'send for real: a configuration of outbox with a transport and its login')
  .option('--sink', 'print what arrives instead of starting Mailpit')
  .option('--dns <ip:port>', "resolvers to ask, separated by commas (default: the system's)")
  .option('--test-dns', 'a test DNS server, as without a network: good.example takes mail')
  .option('--smtp-port <port>', 'where mail is sent to', port, containerPorts.smtp)
  .option('--ui-port <port>', "Mailpit's web interface", port, 8025)
  .action(up)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  });
