/** Both sides of every message: what its client was told, and what Graph has of it. */
import { createHash } from 'node:crypto';
import type { LedgerEntry } from '../../relay-src/testing/fake-graph/server.ts';

/** One message, as its client has it. */
export interface Entry {
  /** Its Message-ID. */
  readonly id: string;
  /** Sender, which is also the mailbox. */
  readonly sender: string;
  readonly recipients: readonly string[];
  /** Graph refuses it for good. */
  readonly permanent: boolean;
  /** SHA-256 of what follows its header. */
  readonly bodySha256: string;
  /** Queue id in the 250; undefined while none came. */
  acknowledged: string | undefined;
}

/** A message that Graph took once more, and why that could not be avoided; undefined: it could. */
export interface Duplicate {
  readonly id: string;
  readonly cause: string | undefined;
}

export interface Findings {
  readonly acknowledged: number;
  /** Messages in Graph's ledger, duplicates included. */
  readonly delivered: number;
  /** Acknowledged, and neither with Graph nor, where it belongs there, in `failed/`. */
  readonly lost: readonly string[];
  /** What Graph has and should not: unknown, altered, for others. */
  readonly wrong: readonly string[];
  readonly duplicates: readonly Duplicate[];
  /** `failed/` against the messages that had to fail. */
  readonly wronglyFailed: readonly string[];
  readonly missingInFailed: readonly string[];
  /** Failures of which no report, or more than one without a cause, came. */
  readonly reports: readonly string[];
}

/** A message in `failed/`. */
export interface Failed {
  readonly id: string;
  readonly recipients: readonly string[];
}

/** When what happened, in milliseconds since 1970. */
export interface Times {
  readonly kills: readonly number[];
  /** Attempts that the program's log calls sent, by queue id. */
  readonly sent: ReadonlyMap<string, readonly number[]>;
}

/** Around a request at Graph, a kill in this time may have hit before its answer was written down: milliseconds. */
const killBefore = 1500;
const killAfter = 2000;
/** Once an attempt is logged as sent, it is written down within this time, even on a busy machine: milliseconds. */
const writingTime = 1000;

/** The mailbox that reports of failures come from. */
export const reporter = 'mailer-daemon@ledger.example';

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Compares, when everybody has ended. */
export function settle(
  entries: readonly Entry[],
  ledger: readonly LedgerEntry[],
  failed: readonly Failed[],
  times: Times,
): Findings {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const taken = new Map<string, LedgerEntry[]>();
  for (const one of ledger) {
    if (one.mailbox === reporter) continue;
    const known = taken.get(one.messageId);
    if (known === undefined) taken.set(one.messageId, [one]);
    else known.push(one);
  }
  const failedIds = new Set(failed.map(({ id }) => id));
  const acknowledged = entries.filter((entry) => entry.acknowledged !== undefined);
  const permanent = acknowledged.filter((entry) => entry.permanent);
  return {
    acknowledged: acknowledged.length,
    delivered: ledger.length,
    lost: acknowledged.filter(({ id, permanent: isFinal }) => !isFinal && !taken.has(id)).map(describe),
    wrong: [...taken].flatMap(([id, all]) => all.flatMap((one) => problem(byId.get(id), one) ?? [])),
    duplicates: [...taken].flatMap(([id, all]) => duplicates(byId.get(id)?.acknowledged, all, times)),
    wronglyFailed: failed
      .filter(({ recipients }) => !permanent.some((entry) => entry.recipients[0] === recipients[0]))
      .map(({ id, recipients }) => `${id} to ${recipients.join()}`),
    missingInFailed: permanent.filter(({ acknowledged: id }) => !failedIds.has(id ?? '')).map(describe),
    reports: permanent.flatMap((entry) => reportProblem(entry, ledger, times) ?? []),
  };
}

function problem(entry: Entry | undefined, one: LedgerEntry): string | undefined {
  if (entry === undefined) return `nobody sent ${one.messageId}`;
  if (entry.permanent) return `${describe(entry)}: had to be refused`;
  if (one.bodySha256 !== entry.bodySha256) return `${describe(entry)}: was altered, ${one.bytes} octets`;
  if (one.mailbox !== entry.sender) return `${describe(entry)}: was sent by ${one.mailbox}`;
  const [is, should] = [one.recipients, entry.recipients].map((all) => all.toSorted().join());
  return is === should ? undefined : `${describe(entry)}: went to ${is} and not to ${should}`;
}

/** Every time but the last: why was that not enough? `id`: queue id. */
function duplicates(id: string | undefined, all: readonly LedgerEntry[], times: Times): Duplicate[] {
  return all
    .toSorted((a, b) => a.time.localeCompare(b.time))
    .slice(0, -1)
    .map((one) => ({ id: one.messageId, cause: causeOf(one, times.sent.get(id ?? '') ?? [], times.kills) }));
}

function causeOf(
  { told, time }: LedgerEntry,
  sent: readonly number[],
  kills: readonly number[],
): string | undefined {
  if (told !== '202') return `unknown: ${told}`;
  const at = Date.parse(time);
  const logged = sent.find((moment) => Math.abs(moment - at) <= killAfter);
  // Logged as sent, and alive for long enough to write that down: then it may not be sent again.
  const last = logged === undefined ? at + killAfter : logged + writingTime;
  return kills.some((kill) => kill >= at - killBefore && kill <= last) ? 'killed' : undefined;
}

function reportProblem(entry: Entry, ledger: readonly LedgerEntry[], times: Times): string | undefined {
  const reports = ledger.filter(
    ({ mailbox, messageId }) => mailbox === reporter && messageId.startsWith(`<${entry.acknowledged}.`),
  );
  if (reports.length === 0) return `${describe(entry)}: no report`;
  const again = duplicates(undefined, reports, times);
  return again.every(({ cause }) => cause !== undefined) ? undefined : `${describe(entry)}: reported twice`;
}

const describe = ({ acknowledged, id, sender }: Entry): string =>
  `${id} (${acknowledged ?? 'no 250'}) from ${sender}`;
