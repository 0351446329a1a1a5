/** What the fake Graph took, message by message: the truth that tests compare with. */
import { appendFileSync } from 'node:fs';

/** One message that was submitted, or one that was refused. */
export interface LedgerEntry {
  readonly time: string;
  readonly mailbox: string;
  readonly via: 'mime' | 'draft';
  /** Whether it was submitted to transport. */
  accepted: boolean;
  /** What the client was told: a status, or `dropped`. */
  told: string;
  /** To, Cc and Bcc, as the real service would address it. */
  readonly recipients: readonly string[];
  readonly from: string;
  readonly messageId: string;
  readonly bytes: number;
  /** Of the whole MIME, and of what follows its header; of the message object for a draft made from JSON. */
  readonly sha256: string;
  readonly bodySha256: string;
  /** Of each attachment of a draft, in order. */
  readonly attachments?: readonly string[];
}

export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #file: string | undefined;

  /** With a file, each entry is also a line of JSON in it. */
  constructor(file: string | undefined) {
    this.#file = file;
  }

  add(entry: LedgerEntry): void {
    this.entries.push(entry);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  get accepted(): readonly LedgerEntry[] {
    return this.entries.filter((entry) => entry.accepted);
  }
}
