/**
 * Writes down what became of messages: the report to the sender first, then the record. What the disk does not take
 * is kept and written later, and until then nothing is sent of that message; a crash before that repeats the attempt.
 */
import type { Log } from '../../daemon/log.ts';
import type { Bouncer } from '../bounce.ts';
import type { Metrics } from '../metrics.ts';
import { NoSuchMessage } from '../spool/errors.ts';
import type { Changes, Message, Outcome } from '../spool/message.ts';
import type { Ending, Spool } from '../spool/spool.ts';
import type { Transport } from '../transport.ts';

export interface NotebookOptions {
  readonly spool: Pick<Spool, 'update' | 'finish'>;
  readonly transport: Pick<Transport, 'discard'>;
  readonly bouncer: Pick<Bouncer, 'bounce'>;
  readonly log: Log;
  readonly metrics: { readonly bounces: Pick<Metrics['bounces'], 'inc'> };
}

/** What is to be written of a message. */
export type Note =
  | { readonly message: Message; readonly ending: Ending }
  | {
      /** As it was when the attempt began. */
      readonly message: Message;
      /** Whether the mailbox was to blame, not the message. */
      readonly mailboxFailed: boolean;
      /** Its `outcomes` that are failures are reported. */
      readonly changes: Changes;
    };

export class Notebook {
  readonly #options: NotebookOptions;
  readonly #open = new Map<string, Note>();

  constructor(options: NotebookOptions) {
    this.#options = options;
  }

  /** Forgets what was to be written of a message that is gone. */
  forget(id: string): void {
    this.#open.delete(id);
  }

  /** What could not be written yet. */
  pending(id: string): Note | undefined {
    return this.#open.get(id);
  }

  /** Resolves with whether it is written; if not, it is {@link pending}. */
  async write(note: Note): Promise<boolean> {
    const { id } = note.message;
    this.#open.set(id, note);
    try {
      if ('ending' in note) await this.#options.spool.finish(id, note.ending);
      else await this.#change(note);
    } catch (error) {
      if (!(error instanceof NoSuchMessage)) {
        const { stack = '' } = error instanceof Error ? error : {};
        this.#options.log.error({ id, error: stack }, 'cannot write down what became of a message');
        return false;
      }
    }
    this.#open.delete(id);
    return true;
  }

  async #change({ changes, mailboxFailed, message }: Exclude<Note, { ending: Ending }>): Promise<void> {
    const { spool, transport } = this.#options;
    await this.#report(message, changes.outcomes ?? new Map(), mailboxFailed);
    await spool.update(message.id, changes);
    if (changes.state === 'failed' && message.memory !== undefined) await transport.discard(message.memory);
  }

  async #report(
    message: Message,
    outcomes: ReadonlyMap<string, Outcome>,
    mailboxFailed: boolean,
  ): Promise<void> {
    const failures = new Map([...outcomes].filter(([, { result }]) => result === 'failed'));
    if (failures.size === 0) return;
    const { bouncer, metrics, log } = this.#options;
    const result = await bouncer.bounce(message, failures, mailboxFailed);
    metrics.bounces.inc({ result });
    const { id, tx, sender } = message;
    log.warn({ id, tx, from: sender, failed: Object.fromEntries(failures), bounce: result }, 'mail failed');
  }
}
