/**
 * The messages of one mailbox that wait. A lane keeps the next hop's limits, and while the mailbox is in trouble
 * (consent, login, throttling) it sends one message to probe while the others wait. Time is given, none is kept.
 */
import { Heap } from './heap.ts';
import { Window, type Load, type MailboxLimits } from './limits.ts';
import { backOff, named, type Retry } from './retry.ts';

/** A message that waits. */
export interface Waiting extends Load {
  readonly id: string;
  /** Earliest attempt, in milliseconds since 1970. */
  at: number;
  readonly accepted: number;
}

/** An attempt under way, as its lane knows it. */
export interface Started {
  readonly message: Waiting;
  readonly lane: Lane;
  /** The only message of a mailbox in trouble. */
  readonly probe: boolean;
  readonly epoch: number;
}

/** What an attempt says of the mailbox. */
export type MailboxSign =
  | { readonly kind: 'works' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'trouble'; readonly notBefore: number | undefined };

interface Deferral {
  until: number;
  /** Failures so far: of the attempt that began it, and of probes. */
  level: number;
  /** Whose attempt began it. */
  readonly begunBy: string;
}

export class Lane {
  readonly mailbox: string;
  readonly #limits: MailboxLimits;
  readonly #windows: readonly Window[];
  readonly #retry: Retry;
  readonly #queue = new Heap<{ readonly at: number; readonly message: Waiting }>((a, b) =>
    a.at === b.at ? a.message.accepted < b.message.accepted : a.at < b.at,
  );
  readonly #waiting = new Map<string, Waiting>();
  /** Messages that were blamed on the mailbox, which then proved to work. */
  readonly #suspects = new Set<string>();
  #running = 0;
  #deferral: Deferral | undefined;
  /** Grows with each deferral and each failed probe: tells old news from new. */
  #epoch = 0;

  constructor(mailbox: string, limits: MailboxLimits, retry: Retry) {
    this.mailbox = mailbox;
    this.#limits = limits;
    this.#windows = limits.rates.map((rate) => new Window(rate));
    this.#retry = retry;
  }

  /** True if nothing waits, runs or has to be remembered. */
  isIdle(now: number): boolean {
    return (
      this.#waiting.size === 0 &&
      this.#running === 0 &&
      (this.#deferral?.until ?? 0) <= now &&
      this.#windows.every((window) => window.isUnused(now))
    );
  }

  /** All that wait, in the order of their coming. */
  waiting(): IterableIterator<Waiting> {
    return this.#waiting.values();
  }

  /** True while something waits for the mailbox's trouble to end. */
  get inTrouble(): boolean {
    return this.#deferral !== undefined && this.#waiting.size + this.#running > 0;
  }

  /** Adds a message, or moves one that waits to another time. */
  add(message: Waiting): void {
    this.#waiting.set(message.id, message);
    this.#queue.push({ at: message.at, message });
  }

  /** It left, or must not be sent now. */
  remove(id: string): void {
    this.#waiting.delete(id);
    this.#suspects.delete(id);
  }

  /** Probes at the next opportunity, because somebody who may know better said so. */
  probeNow(now: number): void {
    if (this.#deferral !== undefined) this.#deferral.until = now;
  }

  /** The earliest moment at which {@link start} gives something; Infinity if that needs an attempt to end first. */
  wakeAt(now: number): number {
    const first = this.#first();
    if (
      first === undefined ||
      this.#running >= (this.#deferral === undefined ? this.#limits.concurrent : 1)
    ) {
      return Infinity;
    }
    const due = Math.max(now, first.at, this.#deferral?.until ?? 0);
    return this.#windows.reduce((at, window) => Math.max(at, window.earliest(due, first)), due);
  }

  /**
   * Takes the message whose turn it is; undefined if it is nobody's yet. A message that probed in vain is due later than
   * those that did not, so each probe is another one's, as long as there is another one.
   */
  start(now: number): Started | undefined {
    if (this.wakeAt(now) > now) return undefined;
    const message = this.#first();
    if (message === undefined) return undefined;
    this.#waiting.delete(message.id);
    for (const window of this.#windows) window.use(now, message);
    this.#running += 1;
    return { message, lane: this, probe: this.#deferral !== undefined, epoch: this.#epoch };
  }

  /** An attempt has ended. Returns until when the mailbox waits now, if this attempt told so. */
  end(started: Started, sign: MailboxSign, now: number): number | undefined {
    this.#running -= 1;
    if (sign.kind === 'trouble') return this.#trouble(started, sign.notBefore, now);
    if (sign.kind === 'works') this.#suspects.delete(started.message.id);
    if (!started.probe) return undefined;
    if (sign.kind === 'works') this.#recover(started.message.id);
    // A probe that proves nothing: another message shall try, soon.
    else if (this.#deferral !== undefined) this.#deferral.until = now + this.#retry.first;
    return undefined;
  }

  #trouble(
    { message: { id }, epoch }: Started,
    notBefore: number | undefined,
    now: number,
  ): number | undefined {
    const told = named(notBefore, now);
    const isOld = epoch < this.#epoch;
    if (told === undefined && this.#deferral === undefined && (isOld || this.#suspects.has(id)))
      return undefined;
    if (isOld && this.#deferral !== undefined) {
      // Sent before we knew: it is the same trouble, seen once more.
      this.#deferral.until = Math.max(this.#deferral.until, told ?? 0);
      return this.#deferral.until;
    }
    this.#epoch += 1;
    const deferral = (this.#deferral ??= { until: 0, level: 0, begunBy: id });
    deferral.level += 1;
    deferral.until = told ?? now + backOff(this.#retry, deferral.level);
    return deferral.until;
  }

  #recover(provedBy: string): void {
    const deferral = this.#deferral;
    if (deferral === undefined) return;
    this.#deferral = undefined;
    if (deferral.begunBy !== provedBy) this.#suspects.add(deferral.begunBy);
  }

  /** The message with the earliest time. Entries of messages that left or were moved are dropped on the way. */
  #first(): Waiting | undefined {
    for (;;) {
      const entry = this.#queue.peek();
      if (entry === undefined) return undefined;
      const { at, message } = entry;
      if (this.#waiting.get(message.id) === message && message.at === at) return message;
      this.#queue.pop();
    }
  }
}
