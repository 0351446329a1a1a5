/**
 * `npm run up`: the relay on this machine, without a cluster, to send it a mail and look at the result.
 * Exit codes: 0 stopped by Ctrl-C, 1 one of the programs ended, 2 could not start.
 */
import { Command, InvalidArgumentError } from 'commander';

import { ports as containerPorts } from '../../relay-src/mx-validator/contract.ts';
import { chooseDns } from './dns.ts';
import type { Dns } from './dns.ts';
import { findMailpit } from './mailpit.ts';
import { startPipeline } from './pipeline.ts';
import type { Pipeline } from './pipeline.ts';
import { loopback } from './ports.ts';

interface Options {
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

async function start({ sink, smtpPort, uiPort }: Options, { servers }: Dns): Promise<Pipeline> {
  const mailpit = sink === true ? undefined : await findMailpit(say);
  return startPipeline({
    mailpit,
    dnsServers: servers,
    ports: { smtp: smtpPort, ui: uiPort, metrics: containerPorts.metrics, upstream: 1025 },
    say,
    onLine: (program, line) => say(`${program.padEnd(12)} | ${line}`),
  });
}

function welcome({ smtpPort, metricsPort, destination }: Pipeline, domain: string): string {
  const server = `${loopback}:${smtpPort}`;
  return `
The relay runs on this machine. No mail leaves it: what mx-validator accepts ends in
${destination.name}.

  send mail to  ${server}
  look at it    ${destination.ui ?? 'here, below'}
  metrics       http://${loopback}:${metricsPort}/metrics

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
  .description('Run the relay on this machine, without a cluster: mx-validator in front of Mailpit.')
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
