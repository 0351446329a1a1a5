/** One measurement: a fresh sink and a fresh program, a warm-up, the workload; and whether each 250 was true. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, greets, type Load, type LoadResult } from './load.ts';
import type { Peer, Site } from './peers/peer.ts';
import { Program, type Command } from './program.ts';
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
  /** Milliseconds from MAIL to the final reply. */
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

/** Throws if a message was refused, lost or cut short, with the program's last words. */
export async function measure(bench: Bench, peer: Peer, workload: Workload): Promise<Measurement> {
  const { load, dns, prefix, ehlo } = bench;
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  chmodSync(folder, 0o755); // Postfix gives up root
  const sink = await load.startSink(workload.pipelining);
  let program: Program | undefined;
  try {
    let port = sink.port;
    if (peer.start !== undefined) {
      port = await freePort();
      const home = join(folder, 'program');
      mkdirSync(home);
      const ports = { listenPort: port, metricsPort: await freePort(), upstreamPort: sink.port };
      const command = withResolver(peer.start({ folder: home, dns, ...ports }), folder, dns);
      program = new Program(command, prefix, join(folder, 'output'));
      const ended = await Promise.race([greets(port, 20), program.ended]);
      if (ended !== undefined) throw new Error(`it ended: ${ended}`);
    }
    const idle = program?.usage();
    const warm = await warmUp(bench, workload, port);
    const before = program?.usage();
    const result = await load.run(scaled(workload, warm.at(-1)?.rate), port, ehlo);
    if (program !== undefined) await sleep(afterwards);
    const after = program?.usage();

    const { cut } = verify(workload, [...warm, result], await sink.stop());
    if (idle === undefined || before === undefined || after === undefined)
      return { ...result, used: undefined, cut };
    const cpu = ((after.cpu - before.cpu) / result.messages) * 1000;
    return { ...result, used: { cpu, idle: idle.resident, peak: after.peak }, cut };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${peer.name}, ${workload.name}: ${reason}\n${program?.lastWords() ?? ''}`, {
      cause: error,
    });
  } finally {
    await program?.stop();
    await sink.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Sends messages for a while, so that caches are full and code is compiled. The last result tells the rate. */
async function warmUp({ load, ehlo }: Bench, workload: Workload, port: number): Promise<LoadResult[]> {
  const results: LoadResult[] = [];
  const share = withMessages(workload, Math.max(workload.connections, Math.ceil(workload.warmUp / 10)));
  const end = performance.now() + enoughSeconds * 1000;
  for (let left = workload.warmUp; left > 0 && performance.now() < end; left -= share.messages) {
    results.push(await load.run(share, port, ehlo));
  }
  return results;
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
