/**
 * Speed and memory of mx-validator beside other programs: `npm run bench`, `npm run bench:quick`.
 *
 * Exit code 0, 1 if a message was refused, lost or cut short, 2 if the benchmark could not run.
 */
import { Command } from 'commander';
import { mkdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { startDnsServer, type DnsServer } from '../relay-src/testing/dns-server.ts';
import { Load, zone } from './load.ts';
import { cache, machine, pin, say } from './machine.ts';
import { Trial, type Bench, type Measurement } from './measure.ts';
import { commandPeer } from './peers/command.ts';
import { direct } from './peers/direct.ts';
import { haproxy } from './peers/haproxy.ts';
import { haraka } from './peers/haraka.ts';
import { mxValidator } from './peers/mx-validator.ts';
import type { Peer } from './peers/peer.ts';
import { postfix } from './peers/postfix.ts';
import { idleTable, table, type Rounds } from './report.ts';
import { quick, workloads, type Workload } from './workloads.ts';

interface Options {
  readonly quick: boolean;
  readonly rounds: number;
  readonly only: readonly string[];
  readonly programs: readonly string[];
  readonly peer: readonly string[];
  readonly helo: boolean;
}

interface Plan {
  readonly rounds: number;
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
}

type Results = Map<Workload, Map<string, Rounds>>;

/** The program that the others are compared with. */
const subject = 'mx-validator';

const list = (text: string): string[] => text.split(',');

function readOptions(): Options {
  return new Command('bench')
    .option('--quick', 'one short round without the slow programs: finds errors, compares nothing', false)
    .option('--rounds <number>', 'how often each program does each workload', Number, 5)
    .option('--only <workloads>', 'W1,W3', list, [])
    .option('--programs <names>', 'mx-validator,HAProxy', list, [])
    .option(
      '--peer <name=command>',
      'one more program; reads the environment of mx-validator',
      (one, all: string[]) => [...all, one],
      [],
    )
    .option('--helo', 'greet with HELO, for programs that do not know EHLO', false)
    .parse()
    .opts<Options>();
}

/** On port 53 for programs that ask the system's resolver, where we may; the port of another is no obstacle. */
async function startDns(): Promise<DnsServer> {
  if (process.getuid?.() !== 0) return startDnsServer(zone);
  for (let last = 53; ; last += 1) {
    try {
      return await startDnsServer(zone, { address: `127.0.0.${last}`, port: 53 });
    } catch (error) {
      if (last === 99) throw error;
    }
  }
}

async function readyPeers(options: Options): Promise<Peer[]> {
  const peers = [mxValidator(cache), direct, haproxy];
  if (!options.quick) peers.push(postfix, haraka(cache));
  peers.push(...options.peer.map(commandPeer));
  const ready: Peer[] = [];
  for (const peer of peers) {
    if (options.programs.length > 0 && !options.programs.includes(peer.name)) continue;
    const readiness = await peer.prepare();
    if ('missing' in readiness) say(`${peer.name} is left out: ${readiness.missing}`);
    else
      ready.push({
        ...peer,
        what: readiness.version === '' ? peer.what : `${readiness.version}; ${peer.what}`,
      });
  }
  return ready;
}

/** Results by workload, program and round. */
async function measureAll(bench: Bench, plan: Plan): Promise<{ results: Results; failures: string[] }> {
  const results: Results = new Map(plan.workloads.map((workload) => [workload, new Map()]));
  const failures: string[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [workload, byProgram] of results) {
      const able = plan.peers.filter((peer) => peer.can(workload));
      // Programs that are loaded in slices are there at the same time, others one after the other.
      for (const group of workload.slices > 1 ? [able] : able.map((peer) => [peer])) {
        for (const [peer, outcome] of await measureTogether(bench, group, workload)) {
          const failed = outcome instanceof Error;
          if (failed) failures.push(outcome.message);
          byProgram.set(peer, [...(byProgram.get(peer) ?? []), failed ? undefined : outcome]);
          const rate = failed ? 'failed' : `${outcome.rate.toFixed(1)} messages/s`;
          say(`round ${round + 1}, ${workload.name}, ${peer}: ${rate}`);
        }
      }
    }
  }
  return { results, failures };
}

/** In turn, slice by slice, so that what disturbs the machine for a second disturbs all. */
async function measureTogether(
  bench: Bench,
  peers: readonly Peer[],
  workload: Workload,
): Promise<Map<string, Measurement | Error>> {
  const outcomes = new Map<string, Measurement | Error>();
  const trials = new Map<string, Trial>();
  const each = async (action: (trial: Trial, name: string) => Promise<void>): Promise<void> => {
    for (const [name, trial] of trials) {
      if (outcomes.get(name) instanceof Error) continue;
      await action(trial, name).catch((error: unknown) => outcomes.set(name, asError(error)));
    }
  };
  for (const peer of peers) {
    try {
      trials.set(peer.name, await Trial.begin(bench, peer, workload));
    } catch (error) {
      outcomes.set(peer.name, asError(error));
    }
  }
  for (let slice = 0; slice < workload.slices; slice += 1) await each((trial) => trial.slice());
  await each(async (trial, name) => void outcomes.set(name, await trial.result()));
  for (const trial of trials.values()) await trial.stop();
  return outcomes;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(options: Options): Promise<number> {
  mkdirSync(cache, { recursive: true });
  const plan: Plan = {
    rounds: options.quick ? 1 : options.rounds,
    workloads: workloads
      .filter(({ name }) => options.only.length === 0 || options.only.includes(name))
      .map((workload) => (options.quick ? quick(workload) : workload)),
    peers: await readyPeers(options),
  };
  const pinned = pin();
  const dns = await startDns();
  const bench = { load: new Load(cache, pinned.load), dns, prefix: pinned.program, ehlo: !options.helo };

  const start = performance.now();
  const busy = loadavg().map((load) => load.toFixed(1));
  const { results, failures } = await measureAll(bench, plan);
  await dns.close();

  print(`${machine()}; ${pinned.words}.`);
  print(
    `${plan.rounds} rounds in ${Math.round((performance.now() - start) / 1000)} s; load average at the start ${busy.join(' ')}.\n`,
  );
  for (const peer of plan.peers) print(`- ${peer.name}: ${peer.what}`);
  print('');
  for (const [workload, byProgram] of results) print(table(workload, byProgram, subject));
  print(idleTable([...results.values()]));
  for (const failure of failures) print(`FAILED: ${failure}\n`);
  return failures.length > 0 ? 1 : 0;
}

// Programs and sinks end with us: they are killed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
try {
  process.exitCode = await main(readOptions());
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
