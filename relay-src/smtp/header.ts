/**
 * The header block of a message on its way through: is it one that the next hop can parse (RFC 5322 2.2, 3.6),
 * how often was it relayed, and who does it say it is from. Reads the stream, keeps only From and Sender.
 */

/** Octets of a line, and of a From or Sender with its continuation lines, that are looked at. */
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
  /** Unfolded values of all From fields, and of all Sender fields; undefined for one too long to be kept. */
  readonly from: readonly (string | undefined)[];
  readonly sender: readonly (string | undefined)[];
  /** No octet at all came. */
  readonly empty: boolean;
}

/** Reads dot-stuffed bytes with CRLF line ends until the empty line. */
export class HeaderReader {
  /** True once the header block is over: no more bytes are needed. */
  done = false;
  #problem: string | undefined;
  #received = 0;
  readonly #from: (string | undefined)[] = [];
  readonly #sender: (string | undefined)[] = [];
  /** The list whose last value the next continuation line belongs to. */
  #open: (string | undefined)[] | undefined;
  /** The line at hand, as far as it came and is kept; the rest of a longer one is dropped, all of it. */
  #kept = '';
  #cut = false;
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
      this.#keep(lf < 0 ? text.slice(at) : text.slice(at, lf));
      if (lf < 0) return;
      this.#line();
      at = lf + 1;
    }
  }

  #keep(part: string): void {
    if (part.includes('\0')) this.#problem ??= 'a NUL';
    const room = maxKept - this.#kept.length;
    this.#kept += part.length > room ? part.slice(0, room) : part;
    if (part.length > room) this.#cut = true;
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

  #line(): void {
    const from = this.#kept.startsWith('.') ? 1 : 0;
    const line = this.#kept.slice(from, this.#kept.endsWith('\r') ? -1 : undefined);
    const whole = !this.#cut;
    this.#kept = '';
    this.#cut = false;
    if (line === '') {
      this.done = true;
      return;
    }
    const first = this.#first;
    this.#first = false;
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (first) this.#problem ??= 'begins with a continuation line';
      this.#continue(line, whole);
    } else {
      this.#field(line, whole, first);
    }
  }

  #continue(line: string, whole: boolean): void {
    if (this.#open === undefined) return;
    const value = this.#open.pop();
    const fits = whole && value !== undefined && value.length + line.length <= maxKept;
    // Part of a value must not pass for all of it: what is cut off may hold another address.
    this.#open.push(fits ? value + line : undefined);
  }

  #field(line: string, whole: boolean, first: boolean): void {
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
    this.#open?.push(whole ? line.slice(colon + 1) : undefined);
  }
}
