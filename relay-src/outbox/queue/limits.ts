/** What a next hop takes of one mailbox, as data, and the counting of it. */

/** What an attempt uses up. */
export interface Load {
  readonly recipients: number;
  readonly octets: number;
}

/** At most `most` of something within `seconds`. */
export interface Rate {
  readonly name: string;
  readonly most: number;
  readonly seconds: number;
  readonly of: (load: Load) => number;
}

export interface MailboxLimits {
  /** Attempts at one time. */
  readonly concurrent: number;
  readonly rates: readonly Rate[];
}

/**
 * Microsoft's limits for one mailbox. Exchange Online: 30 messages a minute and 10,000 recipients a day
 * ("Exchange Online limits", sending limits). Graph's Outlook service, for each app and mailbox: 4 requests at a time,
 * 10,000 requests in 10 minutes, 150 MB of uploads in 5 minutes ("Microsoft Graph service-specific throttling limits").
 */
export const graphLimits: MailboxLimits = {
  concurrent: 4,
  rates: [
    { name: 'messages', most: 30, seconds: 60, of: () => 1 },
    { name: 'recipients', most: 10_000, seconds: 86_400, of: (load) => load.recipients },
    { name: 'octets', most: 150_000_000, seconds: 300, of: (load) => load.octets },
    { name: 'requests', most: 10_000, seconds: 600, of: () => 1 },
  ],
};

/** A smarthost's own limits are not known; it defers what it does not want yet. */
export const smarthostLimits = (connections: number): MailboxLimits => ({
  concurrent: connections,
  rates: [],
});

/** Parts that a window is counted in: what was used is forgotten one part late at most, never early. */
const parts = 60;

/** Counts one rate in a window that slides, so that no span of its length holds more than it allows. */
export class Window {
  readonly #rate: Rate;
  readonly #part: number;
  /** What each part used, the oldest first; parts without use are left out. */
  #used: { part: number; amount: number }[] = [];
  #sum = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#part = (rate.seconds * 1000) / parts;
  }

  /** The first moment, not before `now`, at which the load fits. More than all there is waits for an empty window. */
  earliest(now: number, load: Load): number {
    this.#forget(now);
    let over = this.#sum + this.#rate.of(load) - this.#rate.most;
    let at = now;
    for (const { part, amount } of this.#used) {
      if (over <= 0) break;
      over -= amount;
      at = this.#end(part);
    }
    return at;
  }

  /** True if nothing that was used counts any more. */
  isUnused(now: number): boolean {
    this.#forget(now);
    return this.#used.length === 0;
  }

  use(now: number, load: Load): void {
    const amount = this.#rate.of(load);
    const part = Math.floor(now / this.#part);
    const last = this.#used.at(-1);
    if (last?.part === part) last.amount += amount;
    else this.#used.push({ part, amount });
    this.#sum += amount;
  }

  #forget(now: number): void {
    let gone = 0;
    for (const { part, amount } of this.#used) {
      if (this.#end(part) > now) break;
      this.#sum -= amount;
      gone += 1;
    }
    if (gone > 0) this.#used = this.#used.slice(gone);
  }

  /** When what this part used counts no more: the window's length after its own end. */
  #end(part: number): number {
    return (part + 1 + parts) * this.#part;
  }
}
