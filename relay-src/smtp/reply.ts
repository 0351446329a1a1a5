/**
 * Replies: what a server says to one command (RFC 5321 4.2), as a value, as bytes, and read back from bytes.
 *
 * The class of an enhanced status code is not stored: it is the first digit of the reply code (RFC 2034 4),
 * so `550 4.x.x` cannot be written.
 */

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
export function enhancedCode(reply: Reply): string {
  return reply.enhanced === '' ? '' : `${Math.floor(reply.code / 100)}.${reply.enhanced}`;
}

/** The reply in one line, for logs and records. */
export function replyText(reply: Reply): string {
  return [reply.code, enhancedCode(reply), reply.lines.join(' / ')].filter((part) => part !== '').join(' ');
}

/**
 * The reply as it goes over the wire, CRLF included. Every line carries code and enhanced code
 * (RFC 2034 4), no line is longer than 512 octets, and nothing but printable ASCII leaves.
 */
export function renderReply(reply: Reply): string {
  const status = enhancedCode(reply);
  const [only = ''] = reply.lines;
  if (reply.lines.length <= 1) return wireLine(`${reply.code} ${status === '' ? only : `${status} ${only}`}`);
  return reply.lines
    .map((line, index) => {
      const separator = index < reply.lines.length - 1 ? '-' : ' ';
      return wireLine(`${reply.code}${separator}${status === '' ? line : `${status} ${line}`}`);
    })
    .join('');
}

const wireLine = (text: string): string => `${printable(text).slice(0, maxLine).trimEnd()}\r\n`;

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

/** What a peer sent is not an SMTP reply; the connection is of no further use. */
export class ReplySyntaxError extends Error {}

/**
 * Reads replies out of a stream of bytes, whatever their chunking. A multi-line reply has one code on all
 * its lines, `-` on all but the last (RFC 5321 4.2.1).
 */
export class ReplyParser {
  readonly #onReply: (code: number, lines: string[]) => void;
  #rest = '';
  #bytes = 0;
  #code = 0;
  #lines: string[] = [];

  constructor(onReply: (code: number, lines: string[]) => void) {
    this.#onReply = onReply;
  }

  /** True between replies. */
  get empty(): boolean {
    return this.#rest === '' && this.#lines.length === 0;
  }

  /** Takes the next bytes. Throws {@link ReplySyntaxError}; the parser must not be used after that. */
  push(chunk: Buffer): void {
    const text = this.#rest + chunk.toString('latin1');
    let start = 0;
    for (;;) {
      const end = text.indexOf('\n', start);
      if (end < 0) break;
      this.#line(text, start, end);
      start = end + 1;
    }
    this.#rest = start === text.length ? '' : text.slice(start);
    if (this.#bytes + this.#rest.length > maxReplyBytes) throw new ReplySyntaxError('reply too long');
  }

  #line(text: string, start: number, end: number): void {
    this.#bytes += end - start;
    const code = digits(text, start);
    const separator = text.charCodeAt(start + 3);
    const last = separator === 0x20 || separator === 0x0d;
    if (
      text.charCodeAt(end - 1) !== 0x0d ||
      code < 200 ||
      code > 599 ||
      (!last && separator !== 0x2d) ||
      (this.#code !== 0 && code !== this.#code)
    ) {
      throw new ReplySyntaxError(
        `not an SMTP reply: ${printable(text.slice(start, Math.min(end, start + 60)))}`,
      );
    }
    this.#lines.push(text.slice(start + 4, end - 1));
    if (!last) {
      this.#code = code;
      if (this.#lines.length >= maxReplyLines || this.#bytes > maxReplyBytes) {
        throw new ReplySyntaxError('reply too long');
      }
      return;
    }
    const lines = this.#lines;
    this.#lines = [];
    this.#code = 0;
    this.#bytes = 0;
    this.#onReply(code, lines);
  }
}

function digits(text: string, at: number): number {
  const a = text.charCodeAt(at) - 48;
  const b = text.charCodeAt(at + 1) - 48;
  const c = text.charCodeAt(at + 2) - 48;
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9 ? a * 100 + b * 10 + c : 0;
}
