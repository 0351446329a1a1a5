/** Which message is tried next: the lanes of all mailboxes take turns, within what this process can carry at once. */
import { Heap } from './heap.ts';
import { Lane, type MailboxSign, type Started, type Waiting } from './lane.ts';
import type { MailboxLimits } from './limits.ts';
import type { Retry } from './retry.ts';

/** What all attempts together may use. */
export interface Capacity {
  readonly attempts: number;
  /** Octets of messages in memory; one message may always go. */
  readonly octets: number;
}

/** When a lane has something to do; `turn` is the order among those of one moment. */
interface Turn {
  readonly at: number;
  readonly turn: number;
  readonly lane: Lane;
}

/** Fewer lanes than this are not worth looking through. */
const leastTidied = 1000;

export class Schedule {
  readonly #limits: MailboxLimits;
  readonly #retry: Retry;
  readonly #capacity: Capacity;
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<string, Lane>();
  /** Lanes by when they have something to do; entries that are not the lane's latest are stale. */
  readonly #turns = new Heap<Turn>((a, b) => (a.at === b.at ? a.turn < b.turn : a.at < b.at));
  readonly #latest = new Map<Lane, Turn>();
  #tidyAt = leastTidied;
  #turn = 0;
  #running = 0;
  #octets = 0;

  constructor(limits: MailboxLimits, retry: Retry, capacity: Capacity) {
    this.#limits = limits;
    this.#retry = retry;
    this.#capacity = capacity;
  }

  /** Attempts under way. */
  get running(): number {
    return this.#running;
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#laneOf.size;
  }

  /** Mailboxes in trouble. */
  mailboxesInTrouble(): string[] {
    return [...this.#lanes.values()].filter((lane) => lane.inTrouble).map((lane) => lane.mailbox);
  }

  /** Adds a message, or changes when it is due. */
  add(mailbox: string, message: Waiting, now: number): void {
    let lane = this.#lanes.get(mailbox);
    if (lane === undefined) {
      if (this.#lanes.size >= this.#tidyAt) this.#tidy(now);
      lane = new Lane(mailbox, this.#limits, this.#retry);
      this.#lanes.set(mailbox, lane);
    }
    lane.add(message);
    this.#laneOf.set(message.id, lane);
    this.#queueUp(lane, now);
  }

  /** A message that waits must not be tried any more. */
  remove(id: string): void {
    this.#laneOf.get(id)?.remove(id);
    this.#laneOf.delete(id);
  }

  /** See {@link Lane.probeNow}. */
  probeNow(mailbox: string, now: number): void {
    const lane = this.#lanes.get(mailbox);
    lane?.probeNow(now);
    if (lane !== undefined) this.#queueUp(lane, now);
  }

  /** The next attempt to begin, or the moment at which to ask again; Infinity: not before something happens. */
  next(now: number): Started | number {
    for (;;) {
      const entry = this.#turns.peek();
      if (entry === undefined) return Infinity;
      const { at, lane } = entry;
      if (this.#latest.get(lane) !== entry) {
        this.#turns.pop();
        continue;
      }
      if (at > now) return at;
      if (this.#running >= this.#capacity.attempts) return Infinity;
      if (this.#running > 0 && this.#octets >= this.#capacity.octets) return Infinity;
      this.#turns.pop();
      this.#latest.delete(lane);
      const started = lane.start(now);
      this.#queueUp(lane, now);
      if (started === undefined) continue;
      this.#laneOf.delete(started.message.id);
      this.#running += 1;
      this.#octets += started.message.octets;
      return started;
    }
  }

  /** An attempt has ended; see {@link Lane.end}. */
  end(started: Started, sign: MailboxSign, now: number): number | undefined {
    this.#running -= 1;
    this.#octets -= started.message.octets;
    const until = started.lane.end(started, sign, now);
    this.#queueUp(started.lane, now);
    return until;
  }

  /** Enters a lane for its next turn, at the back. */
  #queueUp(lane: Lane, now: number): void {
    const at = lane.wakeAt(now);
    if (this.#latest.get(lane)?.at === at) return;
    if (at === Infinity) {
      this.#latest.delete(lane);
      return;
    }
    this.#turn += 1;
    const entry = { at, turn: this.#turn, lane };
    this.#latest.set(lane, entry);
    this.#turns.push(entry);
  }

  /** Forgets lanes that have nothing to do and nothing to remember: headers may name any number of mailboxes. */
  #tidy(now: number): void {
    for (const [mailbox, lane] of this.#lanes) {
      if (!lane.isIdle(now)) continue;
      this.#lanes.delete(mailbox);
      this.#latest.delete(lane);
    }
    this.#tidyAt = Math.max(leastTidied, 2 * this.#lanes.size);
  }
}
