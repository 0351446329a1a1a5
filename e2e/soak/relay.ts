/** The program under test: mx-validator as its image runs it, in a process of its own, with its log and its metrics. */
import { createWriteStream } from 'node:fs';
import { dirname } from 'node:path';
import { environment, paths } from '../../relay-src/mx-validator/contract.ts';
import { bundled } from '../image/bundled.ts';
import { wired } from '../up/mx-validator.ts';
import { freePort, loopback } from '../up/ports.ts';
import { startProgram, type Running } from '../up/process.ts';
import { answers, until } from '../up/until.ts';
import { largest } from './client/message.ts';
import { listed } from './dns.ts';
import { RelayLog } from './relay-log.ts';

export interface RelayUnderTest {
  readonly smtpPort: number;
  readonly log: RelayLog;
  readonly running: Running;
  /** All metrics without labels, by name. Throws if the relay does not answer. */
  metrics(): Promise<ReadonlyMap<string, number>>;
}

/** Fewer connections to the next hop than clients, and room for few large messages: both limits are felt. */
const upstreamConnections = 40;
const bytesInFlight = 4 * largest;

export async function startRelay(
  upstreamPort: number,
  dns: { readonly address: string; readonly port: number },
  logFile: string,
): Promise<RelayUnderTest> {
  const log = new RelayLog();
  const file = createWriteStream(logFile);
  const smtpPort = await freePort(0, 'the relay', () => undefined);
  const metricsPort = await freePort(0, 'its metrics', () => undefined);
  const running = startProgram({
    name: 'mx-validator',
    ...bundled('mx-validator', dirname(logFile)),
    env: {
      ...wired({ smtpPort, metricsPort, upstreamPort }),
      [environment.hostname]: 'relay.example',
      [environment.dnsServers]: `${dns.address}:${dns.port}`,
      [environment.allowedSenders]: 'app.example',
      [environment.stripIcsRecipients]: listed.join(),
      [environment.maxMessageBytes]: String(largest),
      [environment.maxUpstreamConnections]: String(upstreamConnections),
      [environment.maxBytesInFlight]: String(bytesInFlight),
    },
    onLine: (line) => {
      file.write(`${line}\n`);
      log.read(line);
    },
  });
  void running.ended.then(() => file.end());
  const url = `http://${loopback}:${metricsPort}`;
  await until('mx-validator', answers(`${url}${paths.ready}`), { of: running });
  return {
    smtpPort,
    log,
    running,
    metrics: async () => {
      const response = await fetch(`${url}${paths.metrics}`, { signal: AbortSignal.timeout(10_000) });
      return readMetrics(await response.text());
    },
  };
}

function readMetrics(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\w+) (\S+)$/gm);
  return new Map(Array.from(lines, ([, name = '', value]) => [name, Number(value)]));
}
