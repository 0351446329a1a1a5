/**
 * The bytes after 354: where the message ends, and what must not pass.
 *
 * Only CRLF ends a line and only CRLF.CRLF ends a message (RFC 5321 2.3.8, 4.1.1.4). Servers that see line ends
 * elsewhere can be made to find a second message inside the first, so a bare CR, and a line with a leading dot
 * beside a bare LF, are refused; any other bare LF becomes CRLF (as mox does) or is refused too. Even a refused
 * message is read to its real end, else the rest of it would run as commands.
 */

import { PlainLines } from './plain-lines.ts';

/** What to do with a bare LF away from a dot line. */
export type BareNewline = 'normalize' | 'reject';

/** Why a message must be refused at its end. */
export type DataFault = 'bare-newline' | 'line-too-long' | 'too-big';

/** Takes a piece of the message; `dotted` says that it holds a stuffing dot. */
type Emit = (piece: Buffer, dotted: boolean) => void;

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const crlf = Buffer.from('\r\n');
const oneDot = Buffer.from('.');
const oneCr = Buffer.from('\r');
const newlineDot = Buffer.from('\n.');

// Where the next byte stands. Bytes that may yet turn out to be the end of data are held back:
// the dot in `dot`, dot and CR in `dotCr`, the CR in `textCr`.
const lineStart = 0;
const afterBareLf = 1;
const dot = 2;
const dotCr = 3;
const text = 4;
const textCr = 5;
const heldBytes = [0, 0, 1, 2, 0, 1] as const;

/**
 * Finds the end of data and guards the bytes before it, in one pass and for any chunking. What it hands on is
 * still dot-stuffed, has CRLF line ends only, and leaves out the final `.CRLF`.
 */
export class DataReader {
  /** Octets of the message as it is stored: without stuffing dots, repaired line ends counted as two. */
  size = 0;
  /** Bare LFs that became CRLF. */
  repaired = 0;
  /** Set once; nothing is handed on from then. */
  fault: DataFault | undefined;

  readonly #bareNewline: BareNewline;
  readonly #maxSize: number;
  readonly #maxLine: number;
  #state: number = lineStart;
  #dotLine = false;
  /** What is handed on next holds a stuffing dot. */
  #dotted = false;
  /** Octets of the current line that came in earlier chunks. */
  #lineOctets = 0;

  constructor(options: { bareNewline: BareNewline; maxSize: number; maxLine: number }) {
    this.#bareNewline = options.bareNewline;
    this.#maxSize = options.maxSize;
    this.#maxLine = options.maxLine;
  }

  /**
   * Takes the next bytes and hands on those that are surely message, each time with whether there is a stuffing dot in
   * them. Returns the index behind the end of data in `chunk`, or -1 while the message goes on.
   */
  push(chunk: Buffer, emit: Emit): number {
    const n = chunk.length;
    const plain = new PlainLines(chunk);
    let state = this.#state;
    let from = 0; // first byte of this chunk that was not handed on yet
    let line = -this.#lineOctets; // where the current line began
    let nextCr = -2; // positions found ahead, -1 for none; each byte is searched once
    let nextLf = -2;
    let i = 0;
    while (i < n) {
      if (state === text) {
        if (nextLf !== -1 && nextLf < i) nextLf = chunk.indexOf(LF, i);
        if (nextCr !== -1 && nextCr < i) nextCr = chunk.indexOf(CR, i);
        if (nextCr >= 0 && (nextLf < 0 || nextCr < nextLf)) {
          i = nextCr + 1;
          if (i === nextLf) {
            i += 1;
            this.#measure(i - line);
            line = i;
            state = lineStart;
          } else if (i === n) {
            state = textCr;
          } else {
            this.#fail('bare-newline');
          }
        } else if (nextLf >= 0) {
          if (this.#dotLine || this.#bareNewline === 'reject') this.#fail('bare-newline');
          this.#measure(nextLf + crlf.length - line);
          this.#emit(chunk, from, nextLf, emit);
          this.#emit(crlf, 0, 2, emit);
          this.repaired += 1;
          i = nextLf + 1;
          from = i;
          line = i;
          state = afterBareLf;
        } else {
          i = n;
        }
        continue;
      }
      if (state === lineStart) {
        i = plain.skip(i, this.#maxLine);
        line = i;
        if (i === n) break;
      }
      const c = chunk[i];
      switch (state) {
        case lineStart:
        case afterBareLf:
          this.#dotLine = c === DOT;
          if (c !== DOT) {
            state = text;
          } else if (state === lineStart) {
            state = dot;
            i += 1;
          } else {
            this.#fail('bare-newline');
            state = text;
          }
          break;
        case dot:
          if (c === CR) {
            state = dotCr;
            i += 1;
          } else {
            // A stuffing dot: not part of the message (RFC 5321 4.5.2). A bare LF is dealt with in `text`.
            this.#dotted = true;
            if (i === 0) this.#emit(oneDot, 0, 1, emit);
            this.size -= 1;
            state = text;
          }
          break;
        case dotCr:
          if (c === LF) {
            this.#emit(chunk, from, i - 2, emit);
            this.#state = lineStart;
            this.#lineOctets = 0;
            if (this.size > this.#maxSize) this.#fail('too-big');
            return i + 1;
          }
          this.#fail('bare-newline');
          state = c === CR ? textCr : text;
          i += 1;
          break;
        default: // textCr
          if (c === LF) {
            if (i === 0) this.#emit(oneCr, 0, 1, emit);
            this.#measure(i + 1 - line);
            state = lineStart;
            line = i + 1;
          } else {
            this.#fail('bare-newline');
            state = c === CR ? textCr : text;
          }
          i += 1;
      }
    }
    this.#emit(chunk, from, n - (heldBytes[state] ?? 0), emit);
    this.#state = state;
    this.#lineOctets = n - line;
    this.#measure(this.#lineOctets);
    if (this.size > this.#maxSize) this.#fail('too-big');
    return -1;
  }

  /** Takes the octets of a line, with its CRLF as far as it came. */
  #measure(octets: number): void {
    if (octets > this.#maxLine) this.#fail('line-too-long');
  }

  #fail(fault: DataFault): void {
    this.fault ??= fault;
  }

  #emit(bytes: Buffer, from: number, to: number, emit: Emit): void {
    if (to <= from) return;
    this.size += to - from;
    const dotted = this.#dotted;
    this.#dotted = false;
    if (this.fault !== undefined) return;
    emit(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), dotted);
  }
}

/** Takes the stuffing dots out again, for programs that must see the message itself. */
export class DotUnstuffer {
  #atLineStart = true;

  /** Takes what a {@link DataReader} hands on. Returns the chunk itself if no dot is in the way. */
  push(chunk: Buffer, dotted: boolean): Buffer[] {
    if (chunk.length === 0) return [];
    if (!dotted) {
      this.#atLineStart = chunk[chunk.length - 1] === LF;
      return [chunk];
    }
    const pieces: Buffer[] = [];
    let from = this.#atLineStart && chunk[0] === DOT ? 1 : 0;
    for (let at = chunk.indexOf(newlineDot, from); at >= 0; at = chunk.indexOf(newlineDot, from)) {
      pieces.push(chunk.subarray(from, at + 1));
      from = at + 2;
    }
    if (from < chunk.length) pieces.push(from === 0 ? chunk : chunk.subarray(from));
    this.#atLineStart = chunk[chunk.length - 1] === LF;
    return pieces;
  }
}

/** Puts stuffing dots in (RFC 5321 4.5.2), and lets nothing but CRLF line ends out: the last guard before a wire. */
export class DotStuffer {
  #atLineStart = true;
  #afterCr = false;

  /** Throws if the message so far holds a bare CR or a bare LF. */
  push(chunk: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    if (chunk.length === 0) return pieces;
    const octets = chunk.toString('latin1');
    const afterCr = this.#afterCr;
    if (this.#join(chunk)) pieces.push(oneDot);
    let from = 0;
    let lf = afterCr ? 0 : octets.indexOf('\n');
    let cr = octets.indexOf('\r');
    while (lf >= 0) {
      if (lf > 0 || !afterCr) {
        if (cr !== lf - 1) throw new Error('bare CR or LF in outgoing message');
        cr = octets.indexOf('\r', lf);
      }
      if (chunk[lf + 1] === DOT) {
        pieces.push(chunk.subarray(from, lf + 1), oneDot);
        from = lf + 1;
      }
      lf = octets.indexOf('\n', lf + 1);
    }
    if (cr >= 0 && cr !== chunk.length - 1) throw new Error('bare CR or LF in outgoing message');
    if (from < chunk.length) pieces.push(chunk.subarray(from));
    return pieces;
  }

  /**
   * The same for a chunk that a {@link DataReader} handed on and a {@link DotUnstuffer} left as it was: only where
   * it joins what went before can it be wrong.
   */
  pass(chunk: Buffer): Buffer[] {
    if (chunk.length === 0) return [];
    return this.#join(chunk) ? [oneDot, chunk] : [chunk];
  }

  /** Whether a dot must go before this chunk, which is not empty. Throws if a CRLF is torn there. */
  #join(chunk: Buffer): boolean {
    if (this.#afterCr !== (chunk[0] === LF)) throw new Error('bare CR or LF in outgoing message');
    const stuff = this.#atLineStart && chunk[0] === DOT;
    const last = chunk[chunk.length - 1];
    this.#atLineStart = last === LF;
    this.#afterCr = last === CR;
    return stuff;
  }

  /** What must stand between the message and `.CRLF`: a CRLF if the message does not end with one. */
  end(): Buffer[] {
    if (this.#afterCr) throw new Error('bare CR at the end of an outgoing message');
    return this.#atLineStart ? [] : [crlf];
  }
}
