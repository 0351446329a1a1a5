/**
 * The header block of a message on its way through: is it one that the next hop can parse (RFC 5322 2.2, 3.6),
 * how often was it relayed, and who does it say it is from. Reads the stream, keeps only From and Sender.
 */

/** A From or Sender longer than this is not kept, and so never matches a list of senders. */
const maxKept = 16_384;
/** Octets made a string at a time: what is kept of them keeps it all. */
const window = 4096;
const fieldName = /^[!-9;-~]+$/;
const spacedFieldName = /^[!-9;-~]+[ \t]+$/;

/** What was found; `problem` is a phrase for the refusal, undefined for a sound header block. */
export interface HeaderFindings {
  readonly problem: string | undefined;
  /** Number of Received fields (RFC 5321 6.3). */
  readonly received: number;
  /** Unfolded values of all From fields, and of all Sender fields. */
  readonly from: readonly string[];
  readonly sender: readonly string[];
  /** No octet at all came. */
  readonly empty: boolean;
}

/** Reads dot-stuffed bytes with CRLF line ends until the empty line. */
export class HeaderReader {
  /** True once the header block is over: no more bytes are needed. */
  done = false;
  #problem: string | undefined;
  #received = 0;
  readonly #from: string[] = [];
  readonly #sender: string[] = [];
  #open: string[] | undefined;
  #rest = '';
  #first = true;
  #empty = true;

  /** Takes the next bytes of the message. */
  push(chunk: Buffer): void {
    if (chunk.length > 0) this.#empty = false;
    for (let from = 0; from < chunk.length && !this.done; from += window) {
      this.#read(chunk.toString('latin1', from, from + window));
    }
  }

  #read(text: string): void {
    let at = 0;
    while (!this.done) {
      const lf = text.indexOf('\n', at);
      if (lf < 0) break;
      const line = this.#rest + text.slice(at, lf);
      this.#rest = '';
      this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
      at = lf + 1;
    }
    // Only the start of a long line matters, and a whole From or Sender.
    if (!this.done && this.#rest.length < maxKept) this.#rest += text.slice(at);
  }

  /** The findings, at the end of the message. */
  end(): HeaderFindings {
    let problem = this.#problem;
    if (problem === undefined && this.#from.length !== 1) {
      problem = this.#from.length === 0 ? 'no From' : 'more than one From';
    }
    return {
      problem,
      received: this.#received,
      from: this.#from,
      sender: this.#sender,
      empty: this.#empty,
    };
  }

  #line(stuffed: string): void {
    const line = stuffed.startsWith('.') ? stuffed.slice(1) : stuffed;
    if (line === '') {
      this.done = true;
      return;
    }
    const first = this.#first;
    this.#first = false;
    if (line.includes('\0')) this.#problem ??= 'a NUL';
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (first) this.#problem ??= 'begins with a continuation line';
      const last = this.#open?.length ?? 0;
      if (this.#open !== undefined && last > 0) {
        const value = (this.#open[last - 1] ?? '') + line;
        this.#open[last - 1] = value.length > maxKept ? value.slice(0, maxKept) : value;
      }
      return;
    }
    this.#field(line, first);
  }

  #field(line: string, first: boolean): void {
    this.#open = undefined;
    const colon = line.indexOf(':');
    if (first && line.startsWith('From ')) this.#problem ??= 'an mbox From line';
    if (colon < 0) {
      this.#problem ??= 'a line without a colon';
      return;
    }
    const name = line.slice(0, colon);
    if (!fieldName.test(name)) {
      this.#problem ??= spacedFieldName.test(name) ? 'a space before the colon' : 'a bad field name';
    }
    switch (name.trimEnd().toLowerCase()) {
      case 'received':
        this.#received += 1;
        break;
      case 'from':
        this.#open = this.#from;
        break;
      case 'sender':
        this.#open = this.#sender;
        break;
      default:
    }
    this.#open?.push(line.slice(colon + 1, colon + 1 + maxKept));
  }
}
