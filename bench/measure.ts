/** One measurement: a fresh sink and a fresh program, a warm-up, the workload in slices; and whether each 250 was true. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, greets, type Load, type LoadResult, type Sink } from './load.ts';
import type { Peer, Site } from './peers/peer.ts';
import { median } from './median.ts';
import { Program, type Command, type Usage } from './program.ts';
import { verify } from './truth.ts';
import { enoughSeconds, scaled, withMessages, type Workload } from './workloads.ts';

export interface Bench {
  readonly load: Load;
  readonly dns: Site['dns'];
  /** A command that starts a program on its core. */
  readonly prefix: readonly string[];
  /** Greet with EHLO, else with HELO. */
  readonly ehlo: boolean;
}

export interface Measurement {
  /** Messages a second. */
  readonly rate: number;
  /** Milliseconds from MAIL to the final reply; of the slices the median, and the worst. */
  readonly p50: number;
  readonly p99: number;
  /** What the program alone used; undefined where there is none. */
  readonly used: Used | undefined;
  /** Fewer octets came out than went in. */
  readonly cut: boolean;
}

export interface Used {
  /** CPU seconds for 1,000 messages, user and system. */
  readonly cpu: number;
  /** Resident memory before the first message and at its peak, octets. */
  readonly idle: number;
  readonly peak: number;
}

/** Milliseconds after the load: work that was put off, such as log lines, counts as well. */
export const afterwards = 400;

/** One program under one workload: started, warmed up, loaded in slices, asked what it used, stopped. */
export class Trial {
  readonly #bench: Bench;
  readonly #peer: Peer;
  readonly #workload: Workload;
  readonly #folder: string;
  readonly #sink: Sink;
  #program: Program | undefined;
  #port: number;
  #slice: Workload;
  #slicesLeft = 1;
  readonly #warm: LoadResult[] = [];
  readonly #results: LoadResult[] = [];
  #idle: Usage | undefined;
  #before: Usage | undefined;

  private constructor(bench: Bench, peer: Peer, workload: Workload, folder: string, sink: Sink) {
    this.#bench = bench;
    this.#peer = peer;
    this.#workload = workload;
    this.#folder = folder;
    this.#sink = sink;
    this.#port = sink.port;
    this.#slice = workload;
  }

  /** A fresh sink, and a fresh program whose code is compiled and whose caches are full. Throws with its last words. */
  static async begin(bench: Bench, peer: Peer, workload: Workload): Promise<Trial> {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    chmodSync(folder, 0o755); // Postfix gives up root
    const sink = await bench.load.startSink(workload.pipelining);
    const trial = new Trial(bench, peer, workload, folder, sink);
    await trial.#told(async () => {
      await trial.#start();
      await trial.#warmUp();
    });
    return trial;
  }

  async #start(): Promise<void> {
    const { dns, prefix } = this.#bench;
    if (this.#peer.start === undefined) return;
    this.#port = await freePort();
    const home = join(this.#folder, 'program');
    mkdirSync(home);
    const ports = { listenPort: this.#port, metricsPort: await freePort(), upstreamPort: this.#sink.port };
    const command = withResolver(this.#peer.start({ folder: home, dns, ...ports }), this.#folder, dns);
    this.#program = new Program(command, prefix, join(this.#folder, 'output'));
    const ended = await Promise.race([greets(this.#port, 20), this.#program.ended]);
    if (ended !== undefined) throw new Error(`it ended: ${ended}`);
    this.#idle = this.#program.usage();
  }

  /** Sends messages for a while. The last result tells how many messages a slice takes. */
  async #warmUp(): Promise<void> {
    const { connections, warmUp, slices } = this.#workload;
    const share = withMessages(this.#workload, Math.max(connections, Math.ceil(warmUp / 10)));
    const end = performance.now() + enoughSeconds * 1000;
    for (let left = warmUp; left > 0 && performance.now() < end; left -= share.messages) {
      this.#warm.push(await this.#run(share));
    }
    const whole = scaled(this.#workload, this.#warm.at(-1)?.rate);
    // A slice keeps as many messages a connection: a slow program has fewer slices.
    const most = Math.floor(whole.messages / (whole.connections * whole.perConnection));
    this.#slicesLeft = Math.max(1, Math.min(slices, most));
    this.#slice = withMessages(whole, Math.ceil(whole.messages / this.#slicesLeft));
    this.#before = this.#program?.usage();
  }

  /** A part of the workload, if there is one left. */
  async slice(): Promise<void> {
    if (this.#slicesLeft === 0) return;
    this.#slicesLeft -= 1;
    await this.#told(async () => this.#results.push(await this.#run(this.#slice)));
  }

  #run(workload: Workload): Promise<LoadResult> {
    return this.#bench.load.run(workload, this.#port, this.#bench.ehlo);
  }

  /** Throws if a message was refused, lost or cut short, with the program's last words. */
  async result(): Promise<Measurement> {
    return this.#told(async () => {
      if (this.#program !== undefined) await sleep(afterwards);
      const after = this.#program?.usage();
      const { cut } = verify(this.#workload, [...this.#warm, ...this.#results], await this.#sink.stop());
      const messages = this.#results.reduce((sum, one) => sum + one.messages, 0);
      const seconds = this.#results.reduce((sum, one) => sum + one.messages / one.rate, 0);
      const times = {
        rate: messages / seconds,
        p50: median(this.#results.map(({ p50 }) => p50)),
        p99: Math.max(...this.#results.map(({ p99 }) => p99)),
      };
      if (this.#idle === undefined || this.#before === undefined || after === undefined)
        return { ...times, used: undefined, cut };
      const cpu = ((after.cpu - this.#before.cpu) / messages) * 1000;
      return { ...times, used: { cpu, idle: this.#idle.resident, peak: after.peak }, cut };
    });
  }

  async #told<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const words = this.#program?.lastWords() ?? '';
      await this.stop();
      throw new Error(`${this.#peer.name}, ${this.#workload.name}: ${reason}\n${words}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    await this.#sink.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** For a program that asks the system's resolver: the same command where /etc/resolv.conf names our DNS server. */
function withResolver(command: Command, folder: string, dns: Site['dns']): Command {
  if (command.systemResolver === undefined) return command;
  const file = join(folder, 'resolv.conf');
  writeFileSync(file, `nameserver ${dns.address}\n`);
  const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return {
    ...command,
    command: 'unshare',
    args: ['--mount', 'sh', '-c', script, file, command.command, ...command.args],
  };
}
