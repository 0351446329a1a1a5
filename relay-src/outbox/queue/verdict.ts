/** What an attempt means for its message and for its mailbox. Pure: times in, a decision out. */
import { openRecipients, type Message, type Outcome } from '../spool/message.ts';
import type { Verdict, Verdicts } from '../transport.ts';
import type { MailboxSign } from './lane.ts';
import { backOff, named, type Retry } from './retry.ts';

/** An attempt in one word: `unknown` if any recipient's verdict is, else `deferred`, else `failed`, else `sent`. */
export interface Summary {
  readonly result: Verdict['result'];
  /** What the next hop said to the recipients that stand for the word. */
  readonly answer: string;
}

/** What becomes of the message. `wait`: it stays queued until `next`. */
export type Fate =
  { readonly kind: 'sent' } | { readonly kind: 'failed' } | { readonly kind: 'wait'; readonly next: number };

export interface Decision {
  readonly fate: Fate;
  /** Recipients whose outcome is known since this attempt. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** The gravest first. */
const gravity = ['unknown', 'deferred', 'failed', 'sent'] as const;

/** An attempt in one word. A transport that says nothing of a recipient does not know. */
export function summarise(message: Message, verdicts: Verdicts): Summary {
  const all = openRecipients(message).map((recipient) => verdicts.get(recipient) ?? noVerdict);
  for (const result of gravity) {
    const found = all.find((verdict) => verdict.result === result);
    if (found !== undefined) return { result, answer: found.answer };
  }
  return { result: 'unknown', answer: noVerdict.answer };
}

const noVerdict: Verdict = { result: 'unknown', scope: 'message', answer: 'the transport gave no verdict' };

/** What an attempt says of the mailbox: a recipient that was served or refused for good shows that it works. */
export function mailboxSign(verdicts: Verdicts): MailboxSign {
  let notBefore: number | undefined;
  let trouble = false;
  let works = false;
  for (const verdict of verdicts.values()) {
    if (verdict.result === 'sent' || verdict.result === 'failed') works = true;
    else if (verdict.scope === 'mailbox') {
      trouble = true;
      notBefore = later(notBefore, verdict.notBefore);
    }
  }
  if (trouble) return { kind: 'trouble', notBefore };
  return { kind: works ? 'works' : 'nothing' };
}

/** What becomes of the message. `mailboxUntil`: until when its mailbox waits. */
export function decide(
  message: Message,
  verdicts: Verdicts,
  now: number,
  retry: Retry,
  mailboxUntil: number | undefined,
): Decision {
  const outcomes = new Map<string, Outcome>();
  const open: Exclude<Verdict, { result: 'sent' | 'failed' }>[] = [];
  for (const recipient of openRecipients(message)) {
    const verdict = verdicts.get(recipient) ?? noVerdict;
    if (verdict.result === 'sent' || verdict.result === 'failed')
      outcomes.set(recipient, { at: now, ...verdict });
    else open.push(verdict);
  }
  if (open.length > 0 && now - message.since >= retry.maxAge) {
    const last = open[0]?.answer ?? '';
    for (const [recipient, outcome] of expiry(message, now, last)) {
      if (!outcomes.has(recipient)) outcomes.set(recipient, outcome);
    }
    open.length = 0;
  }
  if (open.length > 0)
    return { fate: { kind: 'wait', next: nextAttempt(message, open, now, retry, mailboxUntil) }, outcomes };
  const all = [...message.outcomes.values(), ...outcomes.values()];
  return { fate: { kind: all.some(({ result }) => result === 'failed') ? 'failed' : 'sent' }, outcomes };
}

/** The outcome of every open recipient of a message that is given up for its age (RFC 3463: x.4.7). */
export function expiry(message: Message, now: number, last: string): ReadonlyMap<string, Outcome> {
  const days = ((now - message.since) / 86_400_000).toFixed(1);
  const answer = `given up after ${days} days; last answer: ${last}`;
  return new Map(
    openRecipients(message).map((recipient) => [
      recipient,
      { at: now, result: 'failed', answer, status: '5.4.7' },
    ]),
  );
}

function nextAttempt(
  message: Message,
  open: readonly Exclude<Verdict, { result: 'sent' | 'failed' }>[],
  now: number,
  retry: Retry,
  mailboxUntil: number | undefined,
): number {
  const asked = open.reduce<number | undefined>(
    (latest, one) => later(latest, named(one.notBefore, now)),
    undefined,
  );
  const own = mailboxUntil ?? asked ?? now + backOff(retry, message.attemptCount + 1);
  const isUnknown = open.some(({ result }) => result === 'unknown');
  return Math.round(Math.max(own, asked ?? 0, isUnknown ? now + retry.unknown : 0));
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}
