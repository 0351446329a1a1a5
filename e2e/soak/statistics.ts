/** What happened in a run, in numbers, and everything that should not have. */

/** No more complaints than anyone will read; the number goes on. */
const mostKept = 200;

export class Complaints {
  total = 0;
  readonly kept: string[] = [];

  add(what: string): void {
    this.total += 1;
    if (this.kept.length < mostKept) this.kept.push(what);
  }
}

export class Statistics {
  /** Things that happened, by name. */
  readonly counts = new Map<string, number>();
  /** Replies by what they answer: how many, and the longest wait in milliseconds. */
  readonly waits = new Map<string, { replies: number; longest: number }>();
  /** Replies that should not have come. */
  readonly wrongReplies = new Complaints();
  /** Clients that did not get an answer, or not within the limits. */
  readonly unansweredClients = new Complaints();

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  waited(what: string, milliseconds: number): void {
    const { replies, longest } = this.waits.get(what) ?? { replies: 0, longest: 0 };
    this.waits.set(what, { replies: replies + 1, longest: Math.max(longest, Math.round(milliseconds)) });
  }

  wrong(what: string): void {
    this.wrongReplies.add(what);
  }

  unanswered(what: string): void {
    this.unansweredClients.add(what);
  }
}
