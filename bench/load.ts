/** The load generator and the sink of `load/`: built on demand, run on the core that the programs do not use. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { invitation, type Workload } from './workloads.ts';

export const host = '127.0.0.1';
/** The recipient whose mail loses its calendar parts. */
export const organizer = 'organizer@ok.test';
/** Domains of the senders, and of recipients; `ok.test` has an MX, `bad.test` does not exist. */
export const zone = { 'ok.test': { MX: [[10, 'mx.ok.test'] as const] } };

const loadResult = z.object({
  /** That ended as they should. */
  messages: z.number(),
  errors: z.number(),
  /** Messages a second. */
  rate: z.number(),
  /** Milliseconds from MAIL to the final reply. */
  p50: z.number(),
  p99: z.number(),
  /** Octets of one message. */
  size: z.number(),
});
const sinkResult = z.object({ messages: z.number(), bytes: z.number() });

export type LoadResult = z.infer<typeof loadResult> & { readonly complaints: string };
export type SinkResult = z.infer<typeof sinkResult>;

export interface Sink {
  readonly port: number;
  /** Ends it, if it still runs; resolves with what it received. */
  stop(): Promise<SinkResult>;
}

export class Load {
  readonly #folder: string;
  readonly #prefix: readonly string[];

  /** Builds the programs in `folder`. `prefix`: a command that starts another, e.g. taskset. Throws without a C compiler. */
  constructor(folder: string, prefix: readonly string[]) {
    this.#folder = folder;
    this.#prefix = prefix;
    mkdirSync(folder, { recursive: true });
    for (const name of ['sink', 'loadgen']) {
      const source = join(import.meta.dirname, 'load', `${name}.c`);
      execFileSync('cc', ['-O2', '-Wall', '-o', join(folder, name), source], { stdio: 'inherit' });
    }
    writeFileSync(join(folder, 'invitation'), invitation(organizer));
  }

  async startSink(pipelining: boolean): Promise<Sink> {
    const port = await freePort();
    const args = ['-p', String(port), ...(pipelining ? [] : ['-k'])];
    const [command = '', ...rest] = [...this.#prefix, join(this.#folder, 'sink'), ...args];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const closed = once(child, 'close');
    const kill = (): void => void child.kill();
    process.once('exit', kill);
    await greets(port, 5);
    return {
      port,
      async stop() {
        kill();
        await closed;
        process.off('exit', kill);
        return sinkResult.parse(JSON.parse(output));
      },
    };
  }

  /**
   * Sends a workload to a port. `ehlo`: greet with EHLO, else HELO. `unique`: no two messages have the same
   * Message-ID.
   */
  async run(workload: Workload, port: number, ehlo: boolean, unique = false): Promise<LoadResult> {
    const { connections, perConnection, messages, content } = workload;
    const args = ['-p', port, '-c', connections, '-m', perConnection, '-n', messages, '-t', 120];
    if (ehlo) args.push('-e');
    if (unique) args.push('-u');
    if (content === 'invitation') args.push('-f', join(this.#folder, 'invitation'), '-r', organizer);
    else if (content === 'refused') args.push('-R', '-r', 'user@bad.test');
    else args.push('-s', content);
    const [command = '', ...rest] = [...this.#prefix, join(this.#folder, 'loadgen'), ...args.map(String)];
    // Exit code 1 says that there were errors, which the result has too.
    const { stdout, stderr } = await promisify(execFile)(command, rest).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 1) return ran.parse(error);
      throw error;
    });
    return { ...loadResult.parse(JSON.parse(stdout)), complaints: stderr };
  }
}

const ran = z.object({ stdout: z.string(), stderr: z.string() });

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Resolves when an SMTP server greets on this port; throws if none does in time. */
export async function greets(port: number, seconds: number): Promise<void> {
  for (const deadline = performance.now() + seconds * 1000; performance.now() < deadline; await sleep(20)) {
    if (await greeting(port)) return;
  }
  throw new Error(`nobody greets on port ${port}`);
}

function greeting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', (bytes) => {
      resolve(bytes.toString('latin1').startsWith('220'));
      socket.end('QUIT\r\n');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(false));
  });
}
