/**
 * What outbox wants to know of a message as it comes in: its header block, the transaction id of mx-validator, and
 * the key by which the same message is known when it is handed in again.
 */
import { createHash } from 'node:crypto';

/** A header block larger than this is refused: nobody writes such, and it is kept in memory. */
export const maxHeaderBytes = 262_144;

const endOfHeader = Buffer.from('\r\n\r\n');
const crlf: Buffer = Buffer.from('\r\n');

/** Takes a message without dot-stuffing, in any pieces. */
export class Arrival {
  readonly #hash = createHash('sha256');
  #pieces: Buffer[] = [];
  #octets = 0;
  /** The last three octets; at the start a line has just ended, so that the header block may be empty. */
  #tail = crlf;
  #header: Buffer | undefined;

  push(piece: Buffer): void {
    if (this.#header !== undefined) {
      this.#hash.update(piece);
      return;
    }
    this.#pieces.push(piece);
    this.#octets += piece.length;
    // The end may lie across pieces.
    const seen = Buffer.concat([this.#tail, piece]);
    this.#tail = seen.subarray(-3);
    if (seen.includes(endOfHeader) || this.#octets > maxHeaderBytes) this.#headerIsIn();
  }

  /** The header block with the empty line after it, if there is one; undefined if it is too large. */
  header(): Buffer | undefined {
    const header = this.#header ?? this.#headerIsIn();
    return header.length > maxHeaderBytes ? undefined : header;
  }

  /** Transaction id in the topmost Received, which is mx-validator's. */
  tx(): string | undefined {
    const first = topReceived(this.header() ?? Buffer.alloc(0));
    return /\sid\s+([^\s;]+)/.exec(first)?.[1];
  }

  /**
   * The same for two messages if they have the same sender, recipients, Message-ID of the application's own, and
   * octets below mx-validator's Received. Undefined without such a Message-ID: Mailpit gives the same message a new
   * one each time it comes. To be asked once, at the end.
   */
  key(sender: string, recipients: readonly string[]): string | undefined {
    const [id, second] = fieldValues(this.header() ?? Buffer.alloc(0), 'message-id');
    if (id === undefined || second !== undefined || id === '' || /@mailpit>?$/i.test(id)) return undefined;
    const parts = [id, sender, ...recipients.toSorted(), this.#hash.digest('hex')];
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  }

  #headerIsIn(): Buffer {
    const all = Buffer.concat(this.#pieces);
    const empty = all.subarray(0, 2).equals(crlf);
    const end = all.indexOf(endOfHeader);
    this.#pieces = [];
    this.#header = empty ? all.subarray(0, 2) : end < 0 ? all : all.subarray(0, end + endOfHeader.length);
    this.#hash.update(all.subarray(topReceived(this.#header).length));
    return this.#header;
  }
}

const receivedField = /^Received[ \t]*:.*(?:\r\n[ \t].*)*(?:\r\n|$)/i;

/** The first field, if it is a Received; '' if not. */
function topReceived(header: Buffer): string {
  return receivedField.exec(header.toString('latin1'))?.[0] ?? '';
}

/** Unfolded values of all fields of a name, in lower case as given. */
export function fieldValues(header: Buffer, name: string): string[] {
  const field = new RegExp(`^${name}[ \\t]*:(.*(?:\\r\\n[ \\t].*)*)`, 'gim');
  return [...header.toString('latin1').matchAll(field)].map(([, value = '']) =>
    value.replace(/\r\n/g, '').trim(),
  );
}
