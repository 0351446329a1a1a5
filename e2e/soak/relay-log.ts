import { z } from 'zod';

const record = z.object({
  level: z.string(),
  msg: z.string(),
  tx: z.string().optional(),
  outcome: z.string().optional(),
});

/** What the relay's own log says of each transaction, and everything in it that should not be there. */
export class RelayLog {
  /** Transaction ids that were logged as accepted, with how often. */
  readonly accepted = new Map<string, number>();
  /** Errors, and lines that are no log lines: a crash, a warning of Node. */
  readonly unexpected: string[] = [];

  read(line: string): void {
    const parsed = record.safeParse(json(line));
    if (!parsed.success || parsed.data.level === 'error' || parsed.data.level === 'fatal') {
      this.unexpected.push(line);
      return;
    }
    const { msg, tx, outcome } = parsed.data;
    if (msg !== 'transaction' || tx === undefined || outcome !== 'accepted') return;
    this.accepted.set(tx, (this.accepted.get(tx) ?? 0) + 1);
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
