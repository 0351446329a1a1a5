/** Memory and file descriptors of the relay while it runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RelayUnderTest } from './relay.ts';

export interface Sample {
  /** Seconds since the start. */
  readonly at: number;
  /** Resident memory, octets. */
  readonly resident: number;
  readonly descriptors: number;
}

/** Takes a sample every so many milliseconds until the signal; one that fails is left out. */
export async function watch(relay: RelayUnderTest, every: number, signal: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  const start = performance.now();
  while (!signal.aborted) {
    const metrics = await relay.metrics().catch(() => undefined);
    if (metrics !== undefined) samples.push({ at: (performance.now() - start) / 1000, ...usage(metrics) });
    await sleep(every, undefined, { signal }).catch(() => undefined);
  }
  return samples;
}

/** Memory and descriptors as the relay's metrics have them. */
export function usage(metrics: ReadonlyMap<string, number>): Omit<Sample, 'at'> {
  return {
    resident: metrics.get('process_resident_memory_bytes') ?? NaN,
    descriptors: metrics.get('process_open_fds') ?? NaN,
  };
}

export interface Trend {
  /** Octets: medians of the first and the last third after the warm-up, and the most at any time. */
  readonly early: number;
  readonly late: number;
  readonly peak: number;
}

/** The first third of a run is the warm-up: caches fill, and V8 finds out how much room it likes. */
export function memoryTrend(samples: readonly Sample[]): Trend {
  const resident = samples.map((sample) => sample.resident);
  const warm = resident.slice(Math.floor(resident.length / 3));
  const third = Math.ceil(warm.length / 3);
  return {
    early: median(warm.slice(0, third)),
    late: median(warm.slice(-third)),
    peak: Math.max(...resident),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
