/** Measurements as Markdown: a table a workload, medians with their spread. */
import type { Measurement } from './measure.ts';
import { median } from './median.ts';
import type { Workload } from './workloads.ts';

/** Measurements of one program, by round; undefined where one failed. */
export type Rounds = readonly (Measurement | undefined)[];
/** Of each program. */
export type Results = ReadonlyMap<string, Rounds>;

type Value = (one: Measurement) => number | undefined;

const rate: Value = (one) => one.rate;
const cpu: Value = (one) => one.used?.cpu;
const peak: Value = (one) => one.used && one.used.peak / mebi;
const idle: Value = (one) => one.used && one.used.idle / mebi;
const mebi = 2 ** 20;

/** `subject`: the program that the others are compared with. */
export function table(workload: Workload, results: Results, subject: string): string {
  const own = results.get(subject) ?? [];
  const head = ['program', 'messages/s', 'ratio', 'CPU s / 1,000', 'ratio', 'peak MiB', 'p50 / p99 ms'];
  if (workload.content === 'invitation') head.push('cut');
  const rows = [...results].map(([name, rounds]) => {
    const other = name === subject ? [] : rounds;
    const cells = [
      name === subject ? `**${name}**` : name,
      spread(all(rounds, rate)),
      spread(ratios(own, other, rate)),
      spread(all(rounds, cpu)),
      spread(ratios(own, other, cpu)),
      figure(median(all(rounds, peak))),
      `${figure(median(all(rounds, ({ p50 }) => p50)))} / ${figure(median(all(rounds, ({ p99 }) => p99)))}`,
    ];
    if (workload.content === 'invitation') cells.push(rounds.some((one) => one?.cut) ? 'yes' : 'no');
    return cells;
  });
  return `### ${workload.name}: ${workload.what}\n\n${markdown(head, rows)}`;
}

/** Memory of the programs before the first message, of all workloads together. */
export function idleTable(byWorkload: Iterable<Results>): string {
  const byProgram = new Map<string, number[]>();
  for (const results of byWorkload) {
    for (const [name, rounds] of results)
      byProgram.set(name, [...(byProgram.get(name) ?? []), ...all(rounds, idle)]);
  }
  const rows = [...byProgram].map(([name, values]) => [name, spread(values)]);
  return `### At rest\n\n${markdown(
    ['program', 'resident MiB'],
    rows.filter(([, cell]) => cell !== ''),
  )}`;
}

function all(rounds: Rounds, value: Value): number[] {
  return rounds.flatMap((one) => (one && value(one)) ?? []);
}

/** Ours divided by theirs, each within one round: what disturbed one is likely to have disturbed both. */
function ratios(ours: Rounds, theirs: Rounds, value: Value): number[] {
  return theirs.flatMap((their, round) => {
    const our = ours[round];
    const [a, b] = [our && value(our), their && value(their)];
    return a === undefined || b === undefined ? [] : a / b;
  });
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** `median (least–most)`. */
function spread(values: readonly number[]): string {
  if (values.length < 2) return figure(median(values));
  return `${figure(median(values))} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`;
}

/** With the digits that say something; nothing for nothing. */
function figure(value: number): string {
  if (Number.isNaN(value)) return '';
  return value.toLocaleString('en-US', { maximumSignificantDigits: value < 100 ? 2 : 3 });
}
