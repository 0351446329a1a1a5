/** The tables that a run prints. */
import type { SoakResult } from './soak.ts';
import { memoryTrend } from './watch.ts';

const mebibytes = (octets: number): string => `${(octets / 2 ** 20).toFixed(0)} MiB`;

export function summary({ statistics, faults, findings, samples, before, after }: SoakResult): string {
  const { early, late, peak } = memoryTrend(samples);
  const causes = new Map<string, number>();
  for (const { cause } of findings.unacknowledged) causes.set(cause, (causes.get(cause) ?? 0) + 1);
  const waits = new Map(
    [...statistics.waits].map(([what, { replies, longest }]) => [
      what,
      `${replies}, the slowest after ${(longest / 1000).toFixed(1)} s`,
    ]),
  );
  return [
    table('what clients did', statistics.counts),
    table('replies', waits),
    table('faults of the next hop', faults),
    table('messages upstream without a 250', causes),
    table(
      'in all',
      new Map<string, string | number>([
        ['messages accepted', findings.accepted],
        ['messages upstream', findings.delivered],
        ['of these without their calendar parts', findings.cut],
        ['resident memory', `${mebibytes(early)}, later ${mebibytes(late)}, at most ${mebibytes(peak)}`],
        ['file descriptors', `${before.descriptors} before, ${after.descriptors} after`],
      ]),
    ),
  ].join('\n');
}

export function table(title: string, rows: ReadonlyMap<string, string | number>): string {
  const sorted = [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...sorted.map(([name]) => name.length));
  return [`\n${title}`, ...sorted.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}
