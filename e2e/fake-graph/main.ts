/**
 * `node e2e/fake-graph/main.ts`: the stand-in for Microsoft Graph as a program. It prints its URL and the settings
 * that point outbox to it; `PUT /fake/state` tells it to fail, `GET /fake/ledger` says what it took.
 * Exit codes: 0 stopped by a signal, 2 could not start.
 */
import { Command } from 'commander';
import { certificates, defaultApp, startFakeGraph } from '../../relay-src/testing/fake-graph/server.ts';

const program = new Command()
  .name('fake-graph')
  .description('a stand-in for Microsoft Graph: token endpoint, sendMail, drafts, uploads, and a ledger')
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--port <number>', 'port to listen on; 0 takes a free one', '0')
  .option('--ledger <file>', 'append each message as a line of JSON')
  .option('--latency <ms>', 'how long each send takes', '0')
  .option('--max-concurrent <number>', 'requests that a mailbox may have open at one time')
  .option('--max-per-minute <number>', 'messages that a mailbox may send in a minute')
  .option('--cert <file>', 'certificate for other names than localhost and fake-graph')
  .option('--key <file>', 'its key')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

interface Options {
  readonly host: string;
  readonly port: string;
  readonly ledger?: string;
  readonly latency: string;
  readonly maxConcurrent?: string;
  readonly maxPerMinute?: string;
  readonly cert?: string;
  readonly key?: string;
}

const options = program.parse().opts<Options>();
const number = (text: string | undefined): number | undefined => (text === undefined ? text : Number(text));

try {
  const graph = await startFakeGraph({
    host: options.host,
    port: Number(options.port),
    ledgerFile: options.ledger,
    latency: Number(options.latency),
    maxConcurrent: number(options.maxConcurrent),
    maxPerMinute: number(options.maxPerMinute),
    cert: options.cert,
    key: options.key,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => void graph.stop().then(() => process.exit(0)));
  }
  const { clientId, clientSecret, tenant } = defaultApp;
  const settings = { url: graph.url, ca: certificates.ca, tenant, clientId, clientSecret };
  process.stdout.write(`${JSON.stringify(settings)}\n`);
} catch (error) {
  process.stderr.write(`fake-graph: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
