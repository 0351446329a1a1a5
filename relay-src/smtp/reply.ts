/**
 * Replies: what a server says to one command (RFC 5321 4.2), as a value, as bytes, and read back from bytes.
 *
 * The class of an enhanced status code is not stored: it is the first digit of the reply code (RFC 2034 4),
 * so `550 4.x.x` cannot be written.
 */

import { Familiar } from './familiar.ts';

/** One reply: a code, the last two parts of its enhanced status code ('' for none), and lines of text. */
export interface Reply {
  readonly code: number;
  /** `subject.detail` of RFC 3463, e.g. `1.2` for `5.1.2`; '' where RFC 2034 3 wants none (220, 354, EHLO). */
  readonly enhanced: string;
  readonly lines: readonly string[];
}

/** A reply line is at most 512 octets with CRLF (RFC 5321 4.5.3.1.5). */
const maxLine = 510;
/** More lines than this from a peer, or more octets, are not a reply but an attack on our memory. */
export const maxReplyLines = 128;
export const maxReplyBytes = 65_536;

/** True for a 2xx reply. */
export const isPositive = (reply: Reply): boolean => reply.code >= 200 && reply.code < 300;
/** True for a 4xx reply: the same request may succeed later. */
export const isTransient = (reply: Reply): boolean => reply.code >= 400 && reply.code < 500;

/** The enhanced status code in full, e.g. `5.1.2`, or ''. */
export function enhancedCode(reply: Pick<Reply, 'code' | 'enhanced'>): string {
  return reply.enhanced === '' ? '' : `${Math.floor(reply.code / 100)}.${reply.enhanced}`;
}

/** The reply in one line, for logs and records. */
export function replyText(reply: Reply): string {
  const status = enhancedCode(reply);
  const [only = ''] = reply.lines;
  const text = reply.lines.length <= 1 ? only : reply.lines.join(' / ');
  const codes = status === '' ? String(reply.code) : `${reply.code} ${status}`;
  return text === '' ? codes : `${codes} ${text}`;
}

/**
 * The reply as it goes over the wire, CRLF included. Every line carries code and enhanced code
 * (RFC 2034 4), no line is longer than 512 octets, and nothing but printable ASCII leaves.
 */
export function renderReply(reply: Reply): string {
  const last = reply.lines.length - 1;
  if (last <= 0) return wireLine(reply, printable(reply.lines[0] ?? ''));
  return reply.lines
    .map((line, index) => wireLine(reply, printable(line), index < last ? '-' : ' '))
    .join('');
}

/** One line of it, of text that is printable. */
export function wireLine(
  reply: Pick<Reply, 'code' | 'enhanced'>,
  text: string,
  separator: '-' | ' ' = ' ',
): string {
  const status = enhancedCode(reply);
  const line = `${reply.code}${separator}${status === '' ? text : `${status} ${text}`}`;
  return text === '' || line.length > maxLine ? `${line.slice(0, maxLine).trimEnd()}\r\n` : `${line}\r\n`;
}

// eslint-disable-next-line no-control-regex
const foreign = /[^\x20-\x7e]/;

/** Text with every control and non-ASCII character replaced: none of them may reach a client or a log line. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return foreign.test(text) ? text.replace(/[^\x20-\x7e]/g, (c) => (c < ' ' ? ' ' : '?')) : text;
}

const enhancedPrefix = /^([245])\.(\d{1,3}\.\d{1,3})(?: |$)/;

/**
 * Splits the enhanced code off the lines of a foreign reply. A missing one, or one whose class contradicts
 * the reply code, becomes `x.0.0`. A text that is one quoted string with `\n` inside, as Mailpit hands on what
 * its own relay said, is unquoted and split first.
 */
export function normalise(code: number, raw: readonly string[]): Reply {
  const lines = raw.length === 1 ? unquote(raw[0] ?? '') : raw;
  const kind = String(Math.floor(code / 100));
  let enhanced = '';
  const texts = lines.map((line) => {
    const match = enhancedPrefix.exec(line);
    if (match === null) return printable(line);
    if (match[1] === kind && enhanced === '') enhanced = match[2] ?? '';
    return printable(line.slice(match[0].length));
  });
  if (enhanced === '' && kind !== '3') enhanced = '0.0';
  return { code, enhanced, lines: texts };
}

function unquote(line: string): readonly string[] {
  if (line.length < 2 || !line.startsWith('"') || !line.endsWith('"')) return [line];
  return line
    .slice(1, -1)
    .replace(/\\r\\n/g, '\\n')
    .split('\\n')
    .map((part) => part.replace(/\\(.)/g, '$1'))
    .filter((part) => part !== '');
}

const LF = 0x0a;
/** `250`, `250 text`, `250-text`; the text may hold anything but LF. */
const replyLine = /^([2-5]\d\d)(?:([ -])([^\n]*))?\r\n$/;

/** What a peer sent is not an SMTP reply; the connection is of no further use. */
export class ReplySyntaxError extends Error {}

/** Replies of one line. */
const familiar = new Familiar<Reply>();

/**
 * Reads replies out of a stream of bytes, whatever their chunking. A multi-line reply has one code on all
 * its lines, `-` on all but the last (RFC 5321 4.2.1).
 */
export class ReplyParser {
  readonly #onReply: (reply: Reply) => void;
  #rest = '';
  #bytes = 0;
  #code = 0;
  #lines: string[] = [];

  /** Replies come normalised. */
  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply;
  }

  /** True between replies. */
  get empty(): boolean {
    return this.#rest === '' && this.#lines.length === 0;
  }

  /** Takes the next `length` octets. Throws {@link ReplySyntaxError}; the parser must not be used after that. */
  push(bytes: Buffer, length: number = bytes.length): void {
    let start = 0;
    while (start < length) {
      const known = this.empty ? familiar.find(bytes, start, length) : undefined;
      if (known === undefined) {
        start = this.#read(bytes, start, length);
      } else {
        start += known.octets.length;
        this.#onReply(known.value);
      }
    }
  }

  /** Up to the end of a line; returns the index behind it. */
  #read(bytes: Buffer, start: number, length: number): number {
    const lf = bytes.indexOf(LF, start);
    const end = lf < 0 || lf >= length ? length : lf + 1;
    this.#rest += bytes.toString('latin1', start, end);
    if (this.#bytes + this.#rest.length > maxReplyBytes) throw new ReplySyntaxError('reply too long');
    if (bytes[end - 1] === LF) {
      const line = this.#rest;
      this.#rest = '';
      this.#line(line);
    }
    return end;
  }

  #line(line: string): void {
    this.#bytes += line.length - 1;
    const match = replyLine.exec(line);
    const [, digits, separator, text = ''] = match ?? [];
    const code = Number(digits);
    if (match === null || (this.#code !== 0 && code !== this.#code)) {
      throw new ReplySyntaxError(`not an SMTP reply: ${printable(line.slice(0, 60).trimEnd())}`);
    }
    this.#lines.push(text);
    if (separator === '-') {
      this.#code = code;
      if (this.#lines.length >= maxReplyLines || this.#bytes > maxReplyBytes) {
        throw new ReplySyntaxError('reply too long');
      }
      return;
    }
    const reply = normalise(code, this.#lines);
    if (this.#lines.length === 1) familiar.add(Buffer.from(line, 'latin1'), reply);
    this.#lines = [];
    this.#code = 0;
    this.#bytes = 0;
    this.#onReply(reply);
  }
}
