/**
 * The header block of a message on its way through: is it one that the next hop can parse (RFC 5322 2.2, 3.6),
 * how often was it relayed, and who does it say it is from. Reads the stream, keeps only From and Sender.
 */

import { Familiar } from './familiar.ts';

/** Octets of a line, and of a From or Sender with its continuation lines, that are looked at. */
const maxKept = 16_384;
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

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const COLON = 0x3a;

/**
 * Where the first line from `start` on is that needs a closer look; a line begins at `start`. Others, which most are, are
 * whole and sound fields that nobody asks about.
 */
function behindPlainFields(octets: Buffer, start: number): number {
  let line = start;
  for (;;) {
    let at = line;
    let c = octets[at] ?? LF;
    if (c === COLON || c === DOT || mayBeAsked(c, octets[at + 1] ?? LF)) return line;
    while (c !== COLON) {
      if (c < 0x21 || c > 0x7e || at - line >= maxKept - 1) return line;
      at += 1;
      c = octets[at] ?? LF;
    }
    while (c !== LF) {
      if (c === 0) return line;
      at += 1;
      c = octets[at] ?? 0;
    }
    line = at + 1;
  }
}

/** From, Sender and Received by their first two letters, in any case; so does Reply-To begin. */
function mayBeAsked(first: number, second: number): boolean {
  switch (first | 0x20) {
    case 0x66: // f
      return (second | 0x20) === 0x72;
    case 0x73: // s
    case 0x72: // r
      return (second | 0x20) === 0x65;
    default:
      return false;
  }
}

/** By its first letter, in any case; or after a stuffing dot. */
function mayBeFrom(first = 0): boolean {
  return first === DOT || (first | 0x20) === 0x66;
}

/** From fields of one line, with their values: an application says the same one in each of its messages. */
const familiar = new Familiar<string>();

/** To call the system's search costs as much as to look at this many octets. */
const worthACall = 100;

/** Index of the LF, or the length of the chunk. */
function endOfLine(chunk: Buffer, start: number): number {
  const near = Math.min(start + worthACall, chunk.length);
  for (let at = start; at < near; at += 1) if (chunk[at] === LF) return at;
  const lf = chunk.indexOf(LF, near);
  return lf < 0 ? chunk.length : lf;
}

function holdsNul(chunk: Buffer, start: number, end: number): boolean {
  if (end - start > worthACall) return chunk.subarray(start, end).includes(0);
  for (let at = start; at < end; at += 1) if (chunk[at] === 0) return true;
  return false;
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
    let at = 0;
    while (at < chunk.length && !this.done) {
      if (this.#kept === '') at = this.#pass(chunk, at);
      if (this.done) return;
      const known =
        this.#kept === '' && mayBeFrom(chunk[at]) ? familiar.find(chunk, at, chunk.length) : undefined;
      if (known === undefined) {
        at = this.#look(chunk, at);
      } else {
        at += known.octets.length;
        this.#first = false;
        this.#open = this.#from;
        this.#from.push(known.value);
      }
    }
  }

  /** Looks closely at a line, or at what there is of it; returns where the next one begins. */
  #look(chunk: Buffer, at: number): number {
    const end = endOfLine(chunk, at);
    const whole = this.#kept === '';
    const before = this.#from.length;
    this.#keep(chunk, at, end);
    if (end === chunk.length) return end;
    this.#line();
    // A line that goes on with a From field adds none: it must never pass for one.
    const value = this.#from[before];
    if (whole && value !== undefined && this.#problem === undefined) {
      familiar.add(Buffer.from(chunk.subarray(at, end + 1)), value);
    }
    return end + 1;
  }

  /** Goes on, from the beginning of a line, to one that needs a closer look, or to the end of the header block. */
  #pass(chunk: Buffer, line: number): number {
    const behind = behindPlainFields(chunk, line);
    if (behind > line) {
      this.#first = false;
      this.#open = undefined;
    }
    if (chunk[behind] === CR && chunk[behind + 1] === LF) this.done = true;
    return behind;
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (holdsNul(chunk, start, end)) this.#problem ??= 'a NUL';
    const room = maxKept - this.#kept.length;
    this.#kept += chunk.toString('latin1', start, Math.min(end, start + room));
    if (end - start > room) this.#cut = true;
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
    const nameEnd = line.indexOf(':');
    if (first && line.startsWith('From ')) this.#problem ??= 'an mbox From line';
    if (nameEnd < 0) {
      this.#problem ??= 'a line without a colon';
      return;
    }
    const name = line.slice(0, nameEnd);
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
    this.#open?.push(whole ? line.slice(nameEnd + 1) : undefined);
  }
}
