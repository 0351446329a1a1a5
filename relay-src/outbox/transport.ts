/** The seam between the queue and what carries its mail: the queue decides when, a transport says what became of it. */

/** One message as a transport sees it. The body is read anew for every attempt. */
export interface Delivery {
  /** Queue id. */
  readonly id: string;
  /** Reverse-path; '' is the null one. */
  readonly sender: string;
  /** Recipients of the envelope that are still to be served. */
  readonly recipients: readonly string[];
  readonly smtpUtf8: boolean;
  /** Size of the stored message in octets. */
  readonly size: number;
  /** The whole stored message, line ends CRLF, not dot-stuffed. Rejects if the file cannot be read. */
  read(): Promise<Buffer>;
  /** What the transport remembered of this message with {@link remember}: a draft's id, for instance. */
  readonly memory: string | undefined;
  /** Stores it with the message, fsynced before it resolves. */
  remember(memory: string | undefined): Promise<void>;
  /** Aborts when the grace time is over. */
  readonly signal: AbortSignal;
}

/**
 * What became of an attempt.
 * - `sent`: the next hop has it.
 * - `deferred`: certainly not sent; try again. `scope: 'mailbox'` blames the sending mailbox (consent, login,
 *   throttling), so all its messages wait and one probes; `scope: 'message'` blames this one.
 * - `unknown`: it may have been sent; trying again may send it twice. At least 60 s later.
 * - `failed`: it will never be sent: an error about the message itself.
 */
export type Verdict =
  | { readonly result: 'sent'; readonly answer: string }
  | {
      readonly result: 'deferred';
      readonly scope: 'message' | 'mailbox';
      readonly answer: string;
      /** Earliest next attempt, in milliseconds since 1970, if the next hop named one. */
      readonly notBefore?: number;
    }
  | {
      readonly result: 'unknown';
      /** `mailbox` if it is throttled or its next hop is in trouble: its other messages wait until `notBefore` too. */
      readonly scope: 'message' | 'mailbox';
      readonly answer: string;
      readonly notBefore?: number;
    }
  | {
      readonly result: 'failed';
      readonly answer: string;
      /** Enhanced status code, 5.x.x. */ readonly status: string;
    };

/** A verdict for each recipient of the delivery; a next hop without an envelope has the same for all. */
export type Verdicts = ReadonlyMap<string, Verdict>;

/** A message that is about to be accepted: it is on disk, its 250 is not said. */
export interface Offered {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly smtpUtf8: boolean;
  /** The header block, the empty line after it included if there is one. */
  readonly header: Buffer;
  readonly size: number;
  /** The whole message; asked for only where the header does not tell enough (a large one that becomes a draft). */
  read(): Promise<Buffer>;
}

export interface Transport {
  readonly kind: string;
  /** Largest message that it takes, in octets, if it knows: announced as SIZE. */
  readonly maxSize: number | undefined;
  /** What the next hop limits by: the mailbox that sends this message. Cheap; called once, when it is accepted. */
  mailboxOf(message: { readonly sender: string; readonly headerFrom: string }): string;
  /** Whether this message can be sent at all, asked before it is accepted: undefined, or why not. Never rejects. */
  refuse(message: Offered): Promise<Refusal | undefined>;
  /** One attempt. Never rejects, and never sends twice. */
  deliver(delivery: Delivery): Promise<Verdicts>;
  /** Milliseconds since 1970 at which token and credential end, where known. */
  expiry(): { readonly token?: number; readonly credential?: number };
  /**
   * A message that remembered this will not be tried again: deleted, too old, imported elsewhere. Removes what it left
   * at the next hop (a draft). Best effort, never rejects.
   */
  discard(memory: string): Promise<void>;
  /** Closes connections. Attempts under way are ended by their own signal. */
  close(): Promise<void>;
}

/** A permanent refusal at SMTP time, as reply code, enhanced status code and text. */
export interface Refusal {
  readonly code: number;
  readonly status: string;
  readonly text: string;
}
