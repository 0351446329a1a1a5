/** A mail transaction as it is seen on the wire. */
export interface Transaction {
  /** What follows `MAIL FROM:`. */
  readonly mail: string;
  /** What follows each `RCPT TO:`, in their order. */
  readonly rcpt: readonly string[];
  /** All between 354 and the final dot, as sent: leading dots are doubled. */
  readonly message: Buffer;
}

interface Listener {
  /** A command, without its CRLF. */
  command(line: string): void;
  /** A message came to its end, and with it a transaction. */
  message(transaction: Transaction): void;
}

const endOfData = Buffer.from('\r\n.\r\n');

/** The client's side of an SMTP connection, cut into commands and messages. */
export class ClientSide {
  readonly #listener: Listener;
  /** The beginning of a command, or the last octets of a message. */
  #carry: Buffer = Buffer.alloc(0);
  #pieces: Buffer[] | undefined;
  #mail = '';
  #rcpt: string[] = [];

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0)
      rest = this.#pieces === undefined ? this.#line(rest) : this.#content(rest, this.#pieces);
  }

  /** The server said 354: what comes next is a message. */
  startMessage(): void {
    this.#pieces = [];
    // The CRLF of DATA counts for a dot on the first line (RFC 5321 4.1.1.4).
    this.#carry = Buffer.from('\r\n');
  }

  #line(bytes: Buffer): Buffer {
    const all = Buffer.concat([this.#carry, bytes]);
    const end = all.indexOf('\r\n');
    this.#carry = end < 0 ? all : Buffer.alloc(0);
    if (end < 0) return Buffer.alloc(0);
    this.#command(all.toString('utf8', 0, end));
    return all.subarray(end + 2);
  }

  #command(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    const argument = line.slice(line.indexOf(':') + 1);
    if (verb === 'MAIL') [this.#mail, this.#rcpt] = [argument, []];
    if (verb === 'RCPT') this.#rcpt.push(argument);
    this.#listener.command(line);
  }

  #content(bytes: Buffer, pieces: Buffer[]): Buffer {
    const window = Buffer.concat([this.#carry, bytes]);
    const found = window.indexOf(endOfData);
    const end = found < 0 ? bytes.length : found + endOfData.length - this.#carry.length;
    pieces.push(bytes.subarray(0, end));
    if (found < 0) {
      this.#carry = window.subarray(1 - endOfData.length);
    } else {
      this.#pieces = undefined;
      this.#carry = Buffer.alloc(0);
      const message = Buffer.concat(pieces).subarray(0, -'.\r\n'.length);
      this.#listener.message({ mail: this.#mail, rcpt: this.#rcpt, message });
    }
    return bytes.subarray(end);
  }
}
