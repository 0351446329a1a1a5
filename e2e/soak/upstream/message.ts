/** How a receiver sees a message in the bytes after its 354. */
import { createHash } from 'node:crypto';

/** Only CRLF.CRLF ends a message (RFC 5321 4.1.1.4), or LF.CRLF does as well, as at Mailpit. */
export type Ending = 'strict' | 'lax';

const newline = { strict: '\r\n', lax: '\n' } as const;

/** Finds the end of a message in bytes that come in any chunks. */
export class MessageReader {
  /** Octets of the message so far. */
  size = 0;
  readonly #ending: Ending;
  readonly #chunks: Buffer[] = [];
  /** The last bytes, with which an end may begin: at first the CRLF that ended DATA. */
  #tail: Buffer;

  constructor(ending: Ending) {
    this.#ending = ending;
    this.#tail = Buffer.from(newline[ending]);
  }

  /** The message without stuffing dots, and what came behind its end; undefined while it goes on. */
  push(chunk: Buffer): { message: Buffer; rest: Buffer } | undefined {
    const before = newline[this.#ending];
    const end = `${before}.\r\n`;
    const searched = Buffer.concat([this.#tail, chunk]);
    const at = searched.indexOf(end);
    this.#chunks.push(chunk);
    const stop = this.size - this.#tail.length + at + before.length;
    this.size += chunk.length;
    this.#tail = searched.subarray(1 - end.length);
    if (at < 0) return undefined;
    const all = Buffer.concat(this.#chunks);
    return { message: this.#unstuffed(all.subarray(0, stop)), rest: all.subarray(stop + 3) };
  }

  /** The first dot of a line goes (RFC 5321 4.5.2). */
  #unstuffed(message: Buffer): Buffer {
    const dots = this.#ending === 'strict' ? /(^|\r\n)\./g : /(^|\n)\./g;
    return Buffer.from(message.toString('latin1').replaceAll(dots, '$1'), 'latin1');
  }
}

/** What a received message says of itself, and a digest of what its sender wrote. */
export interface Received {
  /** From the Received header that the relay put on top; '' without one. */
  readonly tx: string;
  /** From the Message-ID; '' without one. */
  readonly id: string;
  readonly octets: number;
  /** SHA-256, hexadecimal, of all but the relay's Received header. */
  readonly sha256: string;
  /** It holds a CR or LF that is not part of a CRLF. */
  readonly bare: boolean;
}

/** Reads a message as it was received. */
export function readReceived(message: Buffer): Received {
  const head = message.toString('latin1', 0, 4096);
  const received = /^Received: .*\r\n(?:[ \t].*\r\n)*/.exec(head)?.[0] ?? '';
  const sent = message.subarray(received.length);
  return {
    tx: / id ([\w-]+)/.exec(received)?.[1] ?? '',
    id: /^Message-ID: <(.*)>\r$/m.exec(head)?.[1] ?? '',
    octets: sent.length,
    sha256: sha256(sent),
    bare: /\r(?!\n)|(?<!\r)\n/.test(sent.toString('latin1')),
  };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
