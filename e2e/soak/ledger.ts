/** The fate of every message: what its client was told, and what the next hop has of it. */
import { listed } from './dns.ts';
import type { Message } from './client/message.ts';
import type { Delivery } from './upstream/receiver.ts';

/** What the client knows in the end. `gone`: it left or was left alone, and `complete` says what it had sent. */
export type Fate =
  | { readonly kind: 'accepted'; readonly tx: string; readonly queueId: string }
  | { readonly kind: 'not accepted'; readonly reply: string }
  | { readonly kind: 'gone' };

/** One message, as its client sees it. */
export interface Entry {
  readonly id: string;
  readonly message: Pick<Message, 'kind' | 'verdict' | 'whole' | 'cut'>;
  /** Recipients that were accepted, in order; undefined while the client has not heard. */
  to: readonly string[] | undefined;
  /** The final dot was sent, all of it. */
  complete: boolean;
  fate: Fate;
}

/** A message at the next hop that no client knows to be there, and why that may be (RFC 1047). */
export interface Unacknowledged {
  readonly id: string;
  readonly tx: string;
  readonly cause: string;
}

export interface Findings {
  readonly accepted: number;
  readonly delivered: number;
  /** Messages whose calendar parts were cut. */
  readonly cut: number;
  /** A client was told 250 and the message is not there, not once, or not the same. */
  readonly lost: readonly string[];
  /** Messages that nobody sent, that were never complete, or that had to be refused. */
  readonly foreign: readonly string[];
  readonly unacknowledged: readonly Unacknowledged[];
  /** A message is there, its client was not told 250, and there is no reason. */
  readonly unexplained: readonly string[];
}

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #deliveries = new Map<string, Delivery[]>();

  /** Enters a message before any of it is sent. */
  begin({ id, kind, verdict, whole, cut }: Message): Entry {
    const entry: Entry = {
      id,
      message: { kind, verdict, whole, cut },
      to: undefined,
      complete: false,
      fate: { kind: 'gone' },
    };
    this.#entries.set(id, entry);
    return entry;
  }

  /** The next hop took a message. */
  deliver(delivery: Delivery): void {
    const known = this.#deliveries.get(delivery.id);
    if (known === undefined) this.#deliveries.set(delivery.id, [delivery]);
    else known.push(delivery);
  }

  /** Transaction ids of the messages that clients know to be accepted. */
  accepted(): string[] {
    return [...this.#entries.values()].flatMap(({ fate }) => (fate.kind === 'accepted' ? [fate.tx] : []));
  }

  /** Compares both sides, when everybody has ended. */
  settle(): Findings {
    const lost: string[] = [];
    const foreign: string[] = [];
    const unexplained: string[] = [];
    const unacknowledged: Unacknowledged[] = [];
    let accepted = 0;
    let delivered = 0;
    let cut = 0;
    for (const entry of this.#entries.values()) {
      const found = this.#deliveries.get(entry.id) ?? [];
      if (found.some(({ sha256 }) => sha256 === entry.message.cut && sha256 !== entry.message.whole))
        cut += 1;
      if (entry.fate.kind === 'accepted') {
        accepted += 1;
        const problem = acceptedProblem(entry, entry.fate, found);
        if (problem !== undefined) lost.push(`${describe(entry)}: ${problem}`);
      }
    }
    for (const [id, found] of this.#deliveries) {
      delivered += found.length;
      const entry = this.#entries.get(id);
      for (const delivery of found) {
        const problem = contentProblem(entry, delivery);
        if (problem !== undefined) foreign.push(`message "${id}" (tx=${delivery.tx}): ${problem}`);
      }
      if (entry === undefined || entry.fate.kind === 'accepted') continue;
      const [one] = found;
      const cause = one === undefined ? undefined : causeOf(entry, one);
      if (found.length > 1) unexplained.push(`${describe(entry)}: is there ${found.length} times`);
      else if (cause === undefined)
        unexplained.push(`${describe(entry)}: is there (tx=${one?.tx}), and should not be`);
      else unacknowledged.push({ id, tx: one?.tx ?? '', cause });
    }
    return { accepted, delivered, cut, lost, foreign, unacknowledged, unexplained };
  }
}

function acceptedProblem(
  entry: Entry,
  fate: Fate & { kind: 'accepted' },
  found: readonly Delivery[],
): string | undefined {
  const [one] = found;
  if (one === undefined) return 'is not there';
  if (found.length > 1) return `is there ${found.length} times`;
  if (one.tx !== fate.tx) return `came with the transaction id ${one.tx}`;
  if (one.queueId !== fate.queueId) return `is there as ${one.queueId}`;
  if (entry.message.verdict !== 'deliver') return `should have been refused with ${entry.message.verdict}`;
  return undefined;
}

/** What is wrong with a message at the next hop, whatever its client was told. */
function contentProblem(entry: Entry | undefined, delivery: Delivery): string | undefined {
  if (entry === undefined) return `nobody sent it; from <${delivery.from}> to <${delivery.to.join('>, <')}>`;
  if (!entry.complete) return 'its client never sent the end';
  if (entry.message.verdict !== 'deliver') return `should have been refused with ${entry.message.verdict}`;
  if (delivery.bare) return 'holds a bare CR or LF';
  if (delivery.tx === '') return 'has no Received header of the relay';
  const { whole, cut } = entry.message;
  const { to } = entry;
  if (to === undefined)
    return delivery.sha256 === whole || delivery.sha256 === cut ? undefined : 'was altered';
  if (to.join() !== delivery.to.join()) return `is for ${delivery.to.join()} and not for ${to.join()}`;
  if (delivery.sha256 === (to.every((one) => listed.includes(one)) ? cut : whole)) return undefined;
  return delivery.sha256 === whole || delivery.sha256 === cut
    ? 'lost its calendar parts, or kept them, against the rule'
    : `was altered: ${delivery.octets} octets`;
}

/** Why a client was not told 250 although the message is there; undefined where there is no reason. */
function causeOf(entry: Entry, delivery: Delivery): string | undefined {
  if (delivery.answerLost !== undefined) return delivery.answerLost;
  return entry.fate.kind === 'gone' && entry.complete ? 'the client left after the dot' : undefined;
}

function describe({ id, message, fate }: Entry): string {
  const told = fate.kind === 'accepted' ? `250 tx=${fate.tx}` : fate.kind === 'gone' ? 'gone' : fate.reply;
  return `message "${id}" (${message.kind}; client: ${told})`;
}
