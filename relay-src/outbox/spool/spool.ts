/** The spool: mail that was acknowledged and is not delivered yet, on disk. `docs/spool.md` has the layout. */
import type { Changes, Message, NewMessage, Summary } from './message.ts';

export interface SpoolOptions {
  /** Who we are, for the lock: the pod's UID, else host name and start time. */
  readonly owner: string;
  readonly log: SpoolLog;
  /** Octets that stay free for records of what is already here: below that, new mail is refused. */
  readonly reserveBytes?: number;
  /** Milliseconds from the end of a message to its commit, before it is discarded. */
  readonly commitTimeout?: number;
  /** Milliseconds after which a lock that nobody renews is free, and between renewals. */
  readonly lease?: number;
  readonly heartbeat?: number;
  /** The lock was lost: another process may have taken the spool. Nothing is written after this; stop at once. */
  readonly onLost: (reason: string) => void;
}

/** What the spool logs with; pino's logger fits. */
export interface SpoolLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Why the spool could not take or change something. Always temporary: 4.x.x. */
export class SpoolError extends Error {
  /** `full`: no room (452 4.3.1); `trouble`: input/output errors, too slow, read-only, lock lost (451 4.3.0). */
  readonly kind: 'full' | 'trouble';

  constructor(kind: 'full' | 'trouble', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** There is no such message (any more). */
export class NoSuchMessage extends Error {}

/** A message on its way into the spool. Exactly one of `commit` and `discard` must be called. */
export interface Incoming {
  /** Queue id that it will have. */
  readonly id: string;
  /** Takes the next piece of the message: CRLF line ends, not dot-stuffed. Errors come out of `commit`. */
  write(piece: Buffer): void;
  /** Undefined if more may come now, else resolves when it may. */
  drained(): Promise<void> | undefined;
  /**
   * Resolves when message and record are on disk, with its id; or, if the spool holds or sent the same message
   * already (`NewMessage.key`), with the id of that one, and nothing is kept of this. Rejects with SpoolError
   * within the time limit: then nothing of it is kept.
   */
  commit(message: NewMessage): Promise<{ readonly id: string; readonly resubmitted: boolean }>;
  discard(): void;
}

/** Why a message left the spool, for the record of what was sent. */
export interface Ending {
  readonly result: 'sent' | 'deleted';
  /** The last answer of the next hop, or who deleted it. */
  readonly answer: string;
}

/** A message came, changed (`after`), or left (`after` is undefined). */
export type SpoolListener = (before: Summary | undefined, after: Summary | undefined) => void;

export declare class Spool {
  /**
   * Waits for the lock, recovers what earlier processes left behind, and reads all records. Rejects if the folder
   * cannot be used, or holds a format that this version does not know.
   */
  static open(folder: string, options: SpoolOptions): Promise<Spool>;

  /** Called after each change, in order, synchronously. */
  onChange(listener: SpoolListener): void;

  /** Begins a message. Rejects with SpoolError if it cannot be taken now. `size`: octets, as far as declared. */
  receive(size?: number): Promise<Incoming>;

  /** All messages, in no order. Stays valid while messages come and go. */
  messages(): IterableIterator<Summary>;
  summary(id: string): Summary | undefined;

  /** The whole record. Rejects with NoSuchMessage. */
  load(id: string): Promise<Message>;
  /** The whole body. Rejects with NoSuchMessage, or if it is not what was accepted. */
  read(id: string): Promise<Buffer>;

  /**
   * Runs `task` while nobody else changes this message: an attempt, or a command of an operator, which so waits for
   * the attempt's end. Look at the summary again inside: the message may have been held or have left meanwhile.
   */
  exclusive<T>(id: string, task: () => Promise<T>): Promise<T>;

  /**
   * Changes a record, and moves the message if `state` changes. Resolves when that is on disk. Rejects with
   * NoSuchMessage, or with SpoolError: then it may or may not be found changed after a crash.
   */
  update(id: string, changes: Changes): Promise<Message>;

  /**
   * The message has left: it is recorded and its files go. Resolves when it can never be found again after a crash.
   * Works on a full disk; then without the record.
   */
  finish(id: string, ending: Ending): Promise<void>;

  /** Octets and messages by state are for metrics: free space as last seen. */
  freeBytes(): Promise<number>;
  /** Undefined if the spool can be written now, else what is wrong: for readiness. */
  problem(): Promise<string | undefined>;

  /** False once the lock is lost: ask before each attempt. */
  readonly owned: boolean;

  /** Waits for what is under way, then gives the lock free. */
  close(): Promise<void>;
}
