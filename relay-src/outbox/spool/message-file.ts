/** The `.json` of a message: written for people, read strictly. */
import { z } from 'zod';
import { formatVersion } from './layout.ts';
import type { Attempt, Changes, Message, NewMessage, State, Summary } from './message.ts';

/** Attempts that are kept of a long list: how it began, and how it stands. */
const firstAttempts = 5;
const lastAttempts = 15;
/** A next hop may answer with a page. */
const maxText = 1000;

const time = z.iso.datetime().transform((text) => Date.parse(text));
const attempt = z.strictObject({
  at: time,
  seconds: z.number(),
  result: z.enum(['sent', 'deferred', 'unknown', 'failed']),
  answer: z.string(),
});
const outcome = z.strictObject({
  at: time,
  result: z.enum(['sent', 'failed']),
  answer: z.string(),
  status: z.string().optional(),
});
const record = z.strictObject({
  format: z.literal(formatVersion),
  id: z.string(),
  revision: z.int(),
  accepted: time,
  sender: z.string(),
  headerFrom: z.string(),
  mailbox: z.string(),
  recipients: z.array(z.string()).min(1),
  smtpUtf8: z.boolean(),
  tx: z.string().optional(),
  bounceOf: z.string().optional(),
  size: z.int(),
  sha256: z.string(),
  key: z.string().optional(),
  since: time,
  next: time,
  reason: z.string().optional(),
  memory: z.string().optional(),
  attemptCount: z.int(),
  attempts: z.array(attempt),
  outcomes: z.record(z.string(), outcome),
});

/** Reads a record found in the folder of `state`. Throws with what is wrong with it. */
export function parseRecord(bytes: Buffer, state: State): Message {
  const parsed = record.safeParse(JSON.parse(bytes.toString()));
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { format: _, outcomes, ...rest } = parsed.data;
  return { ...rest, state, outcomes: new Map(Object.entries(outcomes)) };
}

/** What the start reads of a record: of 100,000 of them, the rest would be read for nothing. */
const briefRecord = z.object({
  ...record.pick({
    format: true,
    id: true,
    revision: true,
    accepted: true,
    since: true,
    next: true,
    attemptCount: true,
    mailbox: true,
    size: true,
    sha256: true,
    bounceOf: true,
    key: true,
    recipients: true,
  }).shape,
  outcomes: z.record(z.string(), z.unknown()),
});

export interface Brief {
  readonly summary: Summary;
  readonly revision: number;
  readonly sha256: string;
  readonly key: string | undefined;
}

/** The same as {@link parseRecord}, only what stays in memory. */
export function parseBrief(bytes: Buffer, state: State): Brief {
  const parsed = briefRecord.safeParse(JSON.parse(bytes.toString()));
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { key, revision, sha256, outcomes, ...rest } = parsed.data;
  const served = new Map(Object.entries(outcomes));
  return { summary: summaryOf({ ...rest, state, outcomes: served }), revision, sha256, key };
}

/** The record as a file. */
export function formatRecord(message: Message): Buffer {
  const text = JSON.stringify(
    {
      format: formatVersion,
      id: message.id,
      revision: message.revision,
      accepted: iso(message.accepted),
      sender: message.sender,
      headerFrom: message.headerFrom,
      mailbox: message.mailbox,
      recipients: message.recipients,
      smtpUtf8: message.smtpUtf8,
      tx: message.tx,
      bounceOf: message.bounceOf,
      size: message.size,
      sha256: message.sha256,
      key: message.key,
      since: iso(message.since),
      next: iso(message.next),
      reason: message.reason,
      memory: message.memory,
      attemptCount: message.attemptCount,
      attempts: message.attempts.map((one) => ({ ...one, at: iso(one.at) })),
      outcomes: Object.fromEntries(
        [...message.outcomes].map(([recipient, one]) => [recipient, { ...one, at: iso(one.at) }]),
      ),
    },
    null,
    2,
  );
  return Buffer.from(`${text}\n`);
}

/** A message that was just received. */
export function firstRecord(
  id: string,
  { state = 'queued', accepted = Date.now(), attempts = [], ...rest }: NewMessage,
  body: { readonly size: number; readonly sha256: string },
): Message {
  return {
    ...rest,
    ...body,
    id,
    state,
    accepted,
    revision: 0,
    since: accepted,
    next: accepted,
    attemptCount: attempts.length,
    attempts: shortened(attempts),
    outcomes: new Map(),
  };
}

/** The message after a change. */
export function changed(message: Message, changes: Changes): Message {
  const { reason, memory, ...rest } = message;
  const known = [...message.outcomes];
  const kept = changes.anew === undefined ? known : known.filter(([, { result }]) => result === 'sent');
  const newReason = changes.reason === undefined ? reason : (changes.reason?.slice(0, maxText) ?? undefined);
  const newMemory = changes.memory === undefined ? memory : (changes.memory ?? undefined);
  return {
    ...rest,
    ...(newReason === undefined ? {} : { reason: newReason }),
    ...(newMemory === undefined ? {} : { memory: newMemory }),
    revision: message.revision + 1,
    state: changes.state ?? message.state,
    next: changes.next ?? message.next,
    attemptCount: message.attemptCount + (changes.attempt === undefined ? 0 : 1),
    attempts:
      changes.attempt === undefined ? message.attempts : shortened([...message.attempts, changes.attempt]),
    ...(changes.anew === undefined ? {} : { since: Date.now() }),
    outcomes: new Map([...kept, ...(changes.outcomes ?? [])]),
  };
}

type Summarised = Omit<Summary, 'open' | 'bounce'> &
  Pick<Message, 'bounceOf' | 'recipients'> & { readonly outcomes: ReadonlyMap<string, unknown> };

/** The part of a message that stays in memory. */
export function summaryOf(message: Summarised): Summary {
  return {
    id: message.id,
    state: message.state,
    accepted: message.accepted,
    since: message.since,
    next: message.next,
    attemptCount: message.attemptCount,
    mailbox: shared(message.mailbox),
    size: message.size,
    open: message.recipients.reduce((open, one) => open + (message.outcomes.has(one) ? 0 : 1), 0),
    bounce: message.bounceOf !== undefined,
  };
}

function shortened(attempts: readonly Attempt[]): readonly Attempt[] {
  const short = attempts.map((one) => ({ ...one, answer: one.answer.slice(0, maxText) }));
  return short.length <= firstAttempts + lastAttempts
    ? short
    : [...short.slice(0, firstAttempts), ...short.slice(-lastAttempts)];
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

const mailboxes = new Map<string, string>();
const maxShared = 10_000;

/** One string for all messages of a mailbox, instead of one each. */
function shared(mailbox: string): string {
  const known = mailboxes.get(mailbox);
  if (known !== undefined) return known;
  if (mailboxes.size >= maxShared) mailboxes.clear();
  mailboxes.set(mailbox, mailbox);
  return mailbox;
}
