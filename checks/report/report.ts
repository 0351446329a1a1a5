import type { Finding, Severity } from '../rule.ts';

/** A finding with what a reader needs to go there. */
export interface Reported extends Finding {
  /** Path of the file that a reader can open: relative to where the program runs. */
  readonly place: string;
  readonly line: number;
  /** The file of the repository, with a line where one is known, that renders it: `constructs/mailpit.ts:31`. */
  readonly construct?: string;
  /** What it depends on there: `mailpit.maxAge in app/environments/prod.ts:12`. */
  readonly inputs?: readonly string[];
  /** The reason of the waiver that takes it off. */
  readonly waived?: string;
}

/** What a check has to say. */
export interface Report {
  readonly findings: readonly Reported[];
  /** What was looked at, in one line: `23 objects of prod`. */
  readonly subject: string;
  /** What was left out, and why; one line each. */
  readonly notes: readonly string[];
}

/** How many findings of a severity hold, waived ones left out. */
export function count({ findings }: Report, severity: Severity): number {
  return findings.filter((finding) => finding.severity === severity && finding.waived === undefined).length;
}

/** Whether a report says that something is wrong. */
export function hasErrors(report: Report): boolean {
  return count(report, 'error') > 0;
}
