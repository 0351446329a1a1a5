/** outbox as a process that is killed and started again. */
import { execFile } from 'node:child_process';
import { createWriteStream, writeFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { paths } from '../../relay-src/outbox/contract.ts';
import { defaultApp, type FakeGraph } from '../../relay-src/testing/fake-graph/server.ts';
import { bundled } from '../image/bundled.ts';
import { freePort, loopback } from '../up/ports.ts';
import { startProgram, type Running } from '../up/process.ts';
import { answers, until } from '../up/until.ts';
import { reporter } from './books.ts';

export interface ProgramOptions {
  /** For configuration and log. */
  readonly folder: string;
  readonly spool: string;
  readonly graph: FakeGraph;
  readonly exactlyOnce: boolean;
}

/** How it is run. */
interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

export class OutboxProgram {
  /** Moments of the kills, in milliseconds since 1970. */
  readonly kills: number[] = [];
  /** When the log says that a message was sent, by queue id. */
  readonly sent = new Map<string, number[]>();
  /** Attempts by result, as far as the log tells: what it held back when it was killed is not in it. */
  readonly attempts = new Map<string, number>();
  /** Lines that no run may have, and the latest of errors, which a full disk causes. */
  readonly faults: string[] = [];
  readonly smtpPort: number;
  readonly #metricsPort: number;
  readonly #command: Command;
  readonly #log: WriteStream;
  #running: Running;
  #stopping = false;

  private constructor(smtpPort: number, metricsPort: number, command: Command, log: WriteStream) {
    this.smtpPort = smtpPort;
    this.#metricsPort = metricsPort;
    this.#command = command;
    this.#log = log;
    this.#running = this.#start();
  }

  static async start({ exactlyOnce, folder, graph, spool }: ProgramOptions): Promise<OutboxProgram> {
    const smtpPort = await freePort(0, 'outbox', () => undefined);
    const metricsPort = await freePort(0, 'its metrics', () => undefined);
    const { clientId, clientSecret, tenant } = defaultApp;
    const app = {
      tenant,
      clientId,
      clientSecret,
      loginUrl: graph.url,
      graphUrl: graph.url,
      ca: graph.caFile,
    };
    const config = {
      listen: `${loopback}:${smtpPort}`,
      metrics: `${loopback}:${metricsPort}`,
      spool,
      hostname: 'outbox.example',
      retry: { first: '1s', longest: '10s', unknown: '60s' },
      bounces: { from: reporter },
      transport: { kind: 'graph', exactlyOnce, ...app },
    };
    const file = join(folder, 'outbox.json');
    writeFileSync(file, JSON.stringify(config, null, 2));
    const { args, command } = bundled('outbox', folder);
    const whole = { command, args: [...args, '--config', file] };
    const log = createWriteStream(join(folder, 'outbox.log'));
    const program = new OutboxProgram(smtpPort, metricsPort, whole, log);
    await program.ready();
    return program;
  }

  /** Resolves when it answers. Throws if it ends instead. */
  async ready(): Promise<void> {
    await until('outbox', answers(`http://${loopback}:${this.#metricsPort}${paths.ready}`), {
      seconds: 60,
      of: this.#running,
    });
  }

  /** kill -9, and a new one at once. */
  async kill(): Promise<void> {
    this.kills.push(Date.now());
    this.#running.kill();
    await this.#running.ended;
    this.#running = this.#start();
  }

  /** SIGTERM; resolves with how it ended. */
  async stop(): Promise<string> {
    this.#stopping = true;
    await this.#running.stop(60_000);
    this.#log.end();
    return this.#running.ended;
  }

  /** Runs a command of its command line; resolves with what it prints. */
  async command(...args: string[]): Promise<string> {
    const { args: own, command } = this.#command;
    const { stdout } = await promisify(execFile)(command, [...own, ...args], { maxBuffer: 2 ** 26 });
    return stdout;
  }

  /** A metric without or with its labels, as it is written. Throws if the program does not answer. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://${loopback}:${this.#metricsPort}${paths.metrics}`);
    const line = (await response.text()).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length));
  }

  #start(): Running {
    const running = startProgram({
      name: 'outbox',
      ...this.#command,
      // One pod: it takes its own lock back at once.
      env: { PATH: process.env['PATH'], POD_UID: 'ledger' },
      onLine: (line) => this.#line(line),
    });
    void running.ended.then((how) => {
      if (how !== 'SIGKILL' && !this.#stopping) this.faults.push(`it ended by itself: ${how}`);
    });
    return running;
  }

  #line(line: string): void {
    if (!this.#log.writableEnded) this.#log.write(`${line}\n`);
    const match = /"time":"([^"]+)","id":"(\w+)".*"result":"(\w+)".*"msg":"attempt"/.exec(line);
    if (match !== null) this.#attempt(match[2] ?? '', match[3] ?? '', Date.parse(match[1] ?? ''));
    if (/"level":"fatal"|"msg":"internal error"|damaged/.test(line)) this.faults.push(line);
  }

  #attempt(id: string, result: string, at: number): void {
    this.attempts.set(result, (this.attempts.get(result) ?? 0) + 1);
    if (result === 'sent') this.sent.set(id, [...(this.sent.get(id) ?? []), at]);
  }
}
