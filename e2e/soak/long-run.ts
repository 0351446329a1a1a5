/** What the long runs have in common: numbers on their command lines, and a report that is told and kept. */
import { InvalidArgumentError } from 'commander';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Report } from '../smoke/report.ts';

/** Reads an option that is a whole number from 1 on. */
export function positive(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('not a positive whole number');
  return Number(text);
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Tells the summary, then each check; `report.txt` in the folder has all of it, and the command that runs it again. */
export async function reportOn(
  run: { readonly folder: string; readonly again: string; readonly summary: string },
  check: (report: Report) => Promise<void>,
): Promise<Report> {
  const lines: string[] = [];
  const tell = (line: string): void => {
    lines.push(line);
    say(line);
  };
  tell(run.summary);
  const report = new Report(tell);
  await check(report);
  writeFileSync(join(run.folder, 'report.txt'), [run.again, ...lines, report.closing(), ''].join('\n'));
  return report;
}

/** The last lines of a run, and its exit code: 1 if a check failed. */
export function close(report: Report): void {
  say(`\n${report.closing()}`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}
