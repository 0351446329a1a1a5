/**
 * What outbox's 250 costs, beside Postfix's own queue on the same disk; and a start with a full spool:
 * `npm run bench:outbox`.
 *
 * Exit code 0, 1 if a message was refused or was not in the queue after its 250, 2 if the benchmark could not run.
 */
import { Command } from 'commander';
import { mkdirSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { Load } from './load.ts';
import type { Measurement } from './measure.ts';
import { cache, machine, pin, say } from './machine.ts';
import { measureQueue } from './queue/measure.ts';
import { delivering, outbox } from './queue/outbox.ts';
import type { QueuePeer } from './queue/peer.ts';
import { postfixQueue } from './queue/postfix.ts';
import { measureStart } from './queue/start.ts';
import { table, type Rounds } from './report.ts';
import type { Workload } from './workloads.ts';

interface Options {
  readonly quick: boolean;
  readonly rounds: number;
  readonly disk: string;
  readonly waiting: number;
}

const common = { connections: 20, perConnection: 100, pipelining: true };
const workloads: readonly Workload[] = [
  {
    ...common,
    name: 'Q1',
    what: 'messages of 1 KiB, 20 at once',
    content: 1024,
    messages: 8000,
    slices: 1,
    warmUp: 4000,
  },
  {
    ...common,
    name: 'Q2',
    what: 'messages of 1 MiB, 20 at once',
    content: 2 ** 20,
    messages: 400,
    slices: 1,
    warmUp: 100,
  },
];

const quick = (workload: Workload): Workload => ({
  ...workload,
  messages: workload.messages / 10,
  warmUp: workload.warmUp / 10,
});

async function readyPeers(own: QueuePeer): Promise<QueuePeer[]> {
  const peers: QueuePeer[] = [];
  for (const peer of [own, delivering(100), postfixQueue]) {
    const readiness = await peer.prepare();
    if ('missing' in readiness) say(`${peer.name} is left out: ${readiness.missing}`);
    else
      peers.push({
        ...peer,
        what: readiness.version === '' ? peer.what : `${readiness.version}; ${peer.what}`,
      });
  }
  return peers;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(options: Options): Promise<number> {
  mkdirSync(cache, { recursive: true });
  const pinned = pin();
  const bench = { load: new Load(cache, pinned.load), prefix: pinned.program, disk: options.disk };
  const own = outbox(cache);
  const peers = await readyPeers(own);
  const rounds = options.quick ? 1 : options.rounds;
  const failures: string[] = [];
  print(`${machine()}; ${pinned.words}; queues on ${options.disk}.`);
  print(
    `${rounds} rounds; load average at the start ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}.\n`,
  );
  for (const peer of peers) print(`- ${peer.name}: ${peer.what}`);
  print('');
  for (const full of workloads) {
    const workload = options.quick ? quick(full) : full;
    const results = new Map<string, Rounds>();
    for (let round = 0; round < rounds; round += 1) {
      for (const peer of peers) {
        let one: Measurement | undefined;
        try {
          one = await measureQueue(bench, peer, workload);
        } catch (error) {
          failures.push(error instanceof Error ? error.message : String(error));
        }
        results.set(peer.name, [...(results.get(peer.name) ?? []), one]);
        say(
          `round ${round + 1}, ${workload.name}, ${peer.name}: ${one?.rate.toFixed(1) ?? 'failed'} messages/s`,
        );
      }
    }
    print(table(workload, results, 'outbox'));
  }
  const waiting = options.quick ? options.waiting / 10 : options.waiting;
  const { seconds, cpu, resident, peak } = await measureStart(options.disk, pinned.program, waiting, own);
  print(`### Start with ${waiting.toLocaleString('en-US')} messages in the queue\n`);
  print(
    `Greets after ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} s of CPU; resident ${mebi(resident)} MiB, peak ${mebi(peak)} MiB.`,
  );
  for (const failure of failures) print(`FAILED: ${failure}\n`);
  return failures.length > 0 ? 1 : 0;
}

const mebi = (octets: number): number => Math.round(octets / 2 ** 20);

// Programs end with us: they are killed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));
try {
  process.exitCode = await main(
    new Command('bench:outbox')
      .option('--quick', 'one short round: finds errors, compares nothing', false)
      .option('--rounds <number>', 'how often each program does each workload', Number, 5)
      .option('--disk <folder>', 'a folder on the disk to measure', tmpdir())
      .option('--waiting <number>', 'messages in the queue of the start', Number, 100_000)
      .parse()
      .opts<Options>(),
  );
} catch (error) {
  say(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
