/** What happens to outbox while clients send: kills, a full disk, and trouble of Graph beyond single requests. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeGraph } from '../../relay-src/testing/fake-graph/server.ts';
import type { Random } from '../../relay-src/testing/random.ts';
import type { Statistics } from '../soak/statistics.ts';
import type { Disk } from './disk.ts';
import type { OutboxProgram } from './program.ts';

export interface WeatherOptions {
  readonly program: OutboxProgram;
  readonly graph: FakeGraph;
  readonly disk: Disk;
  readonly random: Random;
  readonly statistics: Statistics;
  readonly kills: number;
  readonly seed: string;
}

/** Share of requests that a fault befalls. */
const rate = 0.2;
/** The longest that a process lives once it works, in milliseconds. */
const longestLife = 6000;

/** Bad weather until the signal and the last kill; all is well again when it resolves. */
export async function weather(options: WeatherOptions, signal: AbortSignal): Promise<void> {
  const { disk, graph, random, seed } = options;
  graph.faults.weather = { seed, rate, patience: 1000 };
  const spells = new AbortController();
  const others = [
    diskSpells(options, random.fork('disk'), spells.signal),
    graphSpells(options, random.fork('graph'), spells.signal),
  ];
  await Promise.all([kills(options, random.fork('kills')), over(signal)]);
  spells.abort();
  await Promise.all(others);
  graph.faults.weather = undefined;
  graph.consent = true;
  graph.tokens.credentialExpired = false;
  await disk.empty();
}

/** Until there were enough, even if that takes longer. Most come while it works, some while it starts. */
async function kills({ kills: wanted, program }: WeatherOptions, random: Random): Promise<void> {
  while (program.kills.length < wanted) {
    if (random.chance(0.85)) {
      await program.ready().catch(() => undefined);
      await sleep(random.spread(20, longestLife));
    } else {
      await sleep(random.whole(0, 500));
    }
    await program.kill();
  }
}

async function diskSpells(
  { disk, statistics }: WeatherOptions,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(random.whole(4000, 12_000), signal);
    if (signal.aborted) return;
    statistics.count('spell: disk full');
    await disk.fill();
    await pause(random.whole(500, 4000), signal);
    await disk.empty();
  }
}

async function graphSpells(
  { graph, statistics }: WeatherOptions,
  random: Random,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await pause(random.whole(5000, 15_000), signal);
    if (signal.aborted) return;
    const spell = random.pick(['consent taken back', 'credential expired', 'tokens expired']);
    statistics.count(`spell: ${spell}`);
    if (spell === 'consent taken back') graph.consent = false;
    else {
      graph.tokens.credentialExpired = spell === 'credential expired';
      graph.tokens.expire();
    }
    await pause(random.whole(500, 4000), signal);
    graph.consent = true;
    graph.tokens.credentialExpired = false;
  }
}

const over = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, 'abort');

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal }).catch(() => undefined);
