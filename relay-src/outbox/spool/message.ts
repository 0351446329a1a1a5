/** What the spool knows of a message: the record beside its body, and the little of it that stays in memory. */
import type { Verdict } from '../transport.ts';

/** States that a committed message can be in, which are the folders of the spool. */
export const committedStates = ['queued', 'held', 'failed'] as const;
export type State = (typeof committedStates)[number];

/** One attempt, as it is kept with the message. */
export interface Attempt {
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  readonly seconds: number;
  readonly result: Verdict['result'];
  readonly answer: string;
}

/** What became of one recipient for good; those without an outcome are still to be served. */
export interface Outcome {
  readonly at: number;
  readonly result: 'sent' | 'failed';
  readonly answer: string;
  /** Enhanced status code of a failure, 5.x.x. */
  readonly status?: string;
}

/** What a message is when it is handed in. */
export interface NewMessage {
  /** Reverse-path; '' is the null one. */
  readonly sender: string;
  /** The one address of the header's From. */
  readonly headerFrom: string;
  /** What the next hop limits by: see `Transport.mailboxOf`. */
  readonly mailbox: string;
  /** The envelope, without duplicates; at least one. */
  readonly recipients: readonly string[];
  readonly smtpUtf8: boolean;
  /** Transaction id of mx-validator, from its Received line. */
  readonly tx?: string;
  /** A bounce that we made: it is never bounced. The id is that of the message it reports. */
  readonly bounceOf?: string;
  /**
   * Two messages with the same key are the same message, handed in twice. Undefined: it is never taken for another.
   */
  readonly key?: string;
  /** Where it goes; `queued` if not given. */
  readonly state?: State;
  /** Accepted at, in milliseconds since 1970; now, if not given. */
  readonly accepted?: number;
  /** What is already known of it, for a message that is taken over from another queue. */
  readonly attempts?: readonly Attempt[];
}

/** What can change later. */
export interface Changes {
  readonly state?: State;
  /** Earliest next attempt, in milliseconds since 1970. */
  readonly next?: number;
  /** Added to the list; of a long list the first and the last ones are kept. */
  readonly attempt?: Attempt;
  /** Added to the outcomes of recipients. */
  readonly outcomes?: ReadonlyMap<string, Outcome>;
  /** Why it waits or failed, for people; null removes it. */
  readonly reason?: string | null;
  /** What the transport remembers; null removes it. */
  readonly memory?: string | null;
  /** Somebody wants it tried again: recipients that failed are served again, and its age counts from now. */
  readonly anew?: true;
}

/** A message as its `.json` has it. */
export interface Message extends Readonly<Omit<NewMessage, 'state' | 'attempts' | 'accepted'>> {
  readonly id: string;
  readonly state: State;
  readonly accepted: number;
  /** Octets of the `.eml`. */
  readonly size: number;
  /** SHA-256 of the `.eml`, in hexadecimal. */
  readonly sha256: string;
  /** Changes since it was committed: of two records of one message the one with more is the newer. */
  readonly revision: number;
  /** Its age counts from here: its acceptance, or when somebody wanted it tried again. */
  readonly since: number;
  readonly next: number;
  /** Attempts so far; `attempts` may hold fewer. */
  readonly attemptCount: number;
  readonly attempts: readonly Attempt[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly reason?: string;
  readonly memory?: string;
}

/** What stays in memory of every message: little, since there may be 100,000. */
export interface Summary {
  readonly id: string;
  readonly state: State;
  readonly accepted: number;
  readonly since: number;
  readonly next: number;
  readonly attemptCount: number;
  readonly mailbox: string;
  /** Octets of the `.eml`. */
  readonly size: number;
  /** Number of recipients that are still to be served. */
  readonly open: number;
  readonly bounce: boolean;
}

/** Recipients that have no outcome yet, in the order of the envelope. */
export function openRecipients(message: Message): string[] {
  return message.recipients.filter((recipient) => !message.outcomes.has(recipient));
}
