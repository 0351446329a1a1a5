/** The queue at work: takes messages from the spool when their turn comes, and writes down what became of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../daemon/log.ts';
import type { Bouncer } from '../bounce.ts';
import type { Metrics } from '../metrics.ts';
import { NoSuchMessage } from '../spool/errors.ts';
import { openRecipients, type Message, type Summary } from '../spool/message.ts';
import type { Spool } from '../spool/spool.ts';
import type { Delivery, Transport, Verdict, Verdicts } from '../transport.ts';
import type { Started } from './lane.ts';
import type { MailboxLimits } from './limits.ts';
import { Notebook } from './notebook.ts';
import type { Retry } from './retry.ts';
import { Schedule, type Capacity } from './schedule.ts';
import { decide, expiry, mailboxSign, summarise } from './verdict.ts';

export interface QueueOptions {
  readonly spool: Spool;
  readonly transport: Transport;
  readonly bouncer: Bouncer;
  readonly limits: MailboxLimits;
  readonly capacity: Capacity;
  readonly retry: Retry;
  readonly log: Log;
  readonly metrics: Metrics;
}

const givenUp = { state: 'failed', memory: null } as const;

/** After this a message that is where it was, because the disk is in trouble, comes back: in milliseconds. */
const notePause = 10_000;
/** No timer waits longer, in milliseconds: clocks are set, and timers overflow. */
const longestTimer = 3_600_000;
/** What attempts get to end by themselves once they are told to, in milliseconds. */
const abortTime = 2000;

export class Queue {
  readonly #options: QueueOptions;
  readonly #schedule: Schedule;
  readonly #abort = new AbortController();
  /** Messages whose attempt is not over, with what became of each when it is. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #notebook: Notebook;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#notebook = new Notebook(options);
    this.#schedule = new Schedule(options.limits, options.retry, options.capacity);
  }

  /** Mailboxes whose mail waits because of the mailbox. */
  mailboxesInTrouble(): string[] {
    return this.#schedule.mailboxesInTrouble();
  }

  /** Takes up all that is queued, and from now on what comes. */
  start(): void {
    const { spool } = this.#options;
    const now = Date.now();
    for (const summary of spool.messages()) this.#enter(summary, now);
    spool.onChange((before, after) => this.#changed(before, after));
    this.#pump();
  }

  /** Begins nothing more; attempts under way have `grace` milliseconds. */
  async stop(grace: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const ended = Promise.allSettled(this.#underWay.values());
    await Promise.race([ended, sleep(grace, undefined, { ref: false })]);
    this.#abort.abort();
    await Promise.race([ended, sleep(abortTime, undefined, { ref: false })]);
  }

  #changed(before: Summary | undefined, after: Summary | undefined): void {
    const id = (after ?? before)?.id ?? '';
    if (this.#underWay.has(id)) return;
    this.#schedule.remove(id);
    if (after === undefined) {
      this.#notebook.forget(id);
      return;
    }
    const now = Date.now();
    this.#enter(after, now);
    // An operator who wants one message tried now may have ended what its mailbox suffered from.
    const isRetried = before !== undefined && after.state === 'queued' && after.next <= now;
    if (isRetried) this.#schedule.probeNow(after.mailbox, now);
    this.#pump();
  }

  #enter({ id, state, mailbox, next, since, open, size }: Summary, now: number, notBefore = 0): void {
    if (state !== 'queued') return;
    const at = Math.max(next, notBefore);
    this.#schedule.add(mailbox, { id, at, accepted: since, recipients: open, octets: size }, now);
  }

  #pump(): void {
    if (this.#stopping) return;
    clearTimeout(this.#timer);
    for (;;) {
      const now = Date.now();
      const next = this.#schedule.next(now);
      if (typeof next !== 'number') {
        this.#begin(next);
        continue;
      }
      if (next < Infinity) this.#timer = setTimeout(() => this.#pump(), Math.min(next - now, longestTimer));
      return;
    }
  }

  #begin(started: Started): void {
    const { id } = started.message;
    const attempt = this.#attempt(started).catch((error: unknown) => {
      if (error instanceof NoSuchMessage) return true;
      this.#options.log.error({ id, error: text(error) }, 'attempt failed in the spool');
      return false;
    });
    this.#underWay.set(
      id,
      attempt.then((isWritten) => this.#leave(id, isWritten)),
    );
  }

  /** Nothing is under way with this message any more. If that is not written down it comes back after a pause. */
  #leave(id: string, isWritten: boolean): void {
    this.#underWay.delete(id);
    const now = Date.now();
    const summary = this.#options.spool.summary(id);
    if (summary === undefined) this.#notebook.forget(id);
    else this.#enter(summary, now, isWritten ? 0 : now + notePause);
    this.#pump();
  }

  /** Resolves with whether everything about it is written down. */
  async #attempt(started: Started): Promise<boolean> {
    const { spool } = this.#options;
    const { id } = started.message;
    let isOver = false;
    const over = (verdicts: Verdicts): number | undefined => {
      isOver = true;
      return this.#schedule.end(started, mailboxSign(verdicts), Date.now());
    };
    try {
      return await spool.exclusive(id, async () => {
        const note = this.#notebook.pending(id);
        if (note !== undefined) return this.#notebook.write(note);
        if (spool.summary(id)?.state !== 'queued' || !spool.owned || this.#stopping) return false;
        const begun = performance.now();
        const { message, verdicts } = await this.#deliver(await spool.load(id));
        const seconds = (performance.now() - begun) / 1000;
        const mailboxUntil = over(verdicts);
        if (mailboxUntil !== undefined) this.#expireLane(started);
        this.#pump();
        return this.#record(message, verdicts, seconds, mailboxUntil);
      });
    } finally {
      if (!isOver) over(new Map());
    }
  }

  /** Resolves with the message as it is afterwards: the transport may remember something of it. */
  async #deliver(before: Message): Promise<{ message: Message; verdicts: Verdicts }> {
    const { spool, transport, log } = this.#options;
    const { id, sender, smtpUtf8, size, memory } = before;
    const recipients = openRecipients(before);
    let message = before;
    const delivery: Delivery = {
      id,
      sender,
      recipients,
      smtpUtf8,
      size,
      memory,
      read: () => spool.read(id),
      remember: async (value) => {
        message = await spool.update(id, { memory: value ?? null });
      },
      signal: this.#abort.signal,
    };
    try {
      const verdicts = await transport.deliver(delivery);
      return { message, verdicts };
    } catch (error) {
      log.error({ id, error: text(error) }, 'internal error');
      const answer = 'internal error in the transport';
      const verdicts = recipients.map((one): [string, Verdict] => [
        one,
        { result: 'unknown', scope: 'message', answer },
      ]);
      return { message, verdicts: new Map(verdicts) };
    }
  }

  /** Has written down what became of an attempt. */
  async #record(
    message: Message,
    verdicts: Verdicts,
    seconds: number,
    mailboxUntil: number | undefined,
  ): Promise<boolean> {
    const { retry, metrics, log } = this.#options;
    const now = Date.now();
    const { result, answer } = summarise(message, verdicts);
    const { fate, outcomes } = decide(message, verdicts, now, retry, mailboxUntil);
    metrics.attempts.inc({ result, status: statusClass(answer) });
    metrics.attemptSeconds.observe({ result }, seconds);
    const { id, tx, sender, mailbox } = message;
    const line = { id, tx, from: sender, to: openRecipients(message), mailbox, result, answer };
    log.info(
      { ...line, attempt: message.attemptCount + 1, ms: Math.round(seconds * 1000), ...describe(fate) },
      'attempt',
    );
    if (fate.kind === 'sent') {
      metrics.deliverySeconds.observe((now - message.accepted) / 1000);
      return this.#notebook.write({ message, ending: { result: 'sent', answer } });
    }
    return this.#notebook.write({
      message,
      mailboxFailed: mailboxUntil !== undefined,
      changes: {
        ...(fate.kind === 'wait' ? { next: fate.next } : givenUp),
        attempt: { at: now, seconds, result, answer },
        outcomes,
        reason: answer,
      },
    });
  }

  /** Gives up what has waited too long for a mailbox that still does not work, one after the other. */
  #expireLane({ lane }: Started): void {
    const now = Date.now();
    const { retry, log } = this.#options;
    let before = Promise.resolve();
    for (const { id, accepted } of lane.waiting()) {
      if (now - accepted < retry.maxAge) continue;
      this.#schedule.remove(id);
      before = before
        .then(() => this.#expire(id))
        .catch((error: unknown) => log.error({ id, error: text(error) }, 'cannot give up a message'))
        .then(() => this.#leave(id, false));
      this.#underWay.set(id, before);
    }
  }

  async #expire(id: string): Promise<void> {
    const { spool } = this.#options;
    await spool.exclusive(id, async () => {
      if (spool.summary(id)?.state !== 'queued' || this.#stopping) return;
      const message = await spool.load(id);
      const outcomes = expiry(message, Date.now(), message.reason ?? 'its mailbox cannot send');
      const changes = { ...givenUp, outcomes, reason: 'too old, and its mailbox cannot send' };
      await this.#notebook.write({ message, mailboxFailed: true, changes });
    });
  }
}

/** First digit of a reply or status code at the start of an answer: bounded values for a label. */
function statusClass(answer: string): string {
  const digit = /^([2-5])\d\d\b/.exec(answer)?.[1];
  return digit === undefined ? 'none' : `${digit}xx`;
}

function describe(fate: { readonly kind: string; readonly next?: number }): object {
  return fate.next === undefined
    ? { fate: fate.kind }
    : { fate: fate.kind, next: new Date(fate.next).toISOString() };
}

const text = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
