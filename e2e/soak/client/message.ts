/** The mails that clients of the soak send: what goes over the wire, and what must arrive of it. */
import type { Random } from '../../../relay-src/testing/random.ts';
import { sha256 } from '../upstream/message.ts';

/** What must become of a message: `deliver`, or this reply to its dot. */
export type Verdict = 'deliver' | '554 5.6.0' | '552 5.3.4' | '550 5.7.1';

export interface Message {
  readonly id: string;
  readonly kind: string;
  readonly verdict: Verdict;
  /** What the client sends after 354, dot-stuffed, up to the final `.CRLF`. */
  readonly wire: Buffer;
  /** Octets as the client would declare them. */
  readonly size: number;
  /** SHA-256 of what must arrive, all recipients or only some of them being on the strip list. */
  readonly whole: string;
  readonly cut: string;
}

/** The relay's MAX_MESSAGE_BYTES. */
export const largest = 4_194_304;

export const sender = 'app@app.example';

interface Content {
  readonly headers: string;
  /** Line ends as the client writes them. */
  readonly body: Buffer;
  readonly verdict?: Verdict;
  /** The body as it must arrive, if not as it was sent; and without its calendar parts. */
  readonly arrives?: Buffer;
  readonly cut?: Buffer;
}

const second = [
  'MAIL FROM:<smuggled@evil.example>',
  'RCPT TO:<victim@ok1.example>',
  'DATA',
  'From: <smuggled@evil.example>',
  '',
  'smuggled',
  '.',
  '',
].join('\r\n');

/** Line ends that two servers could read in two ways; `second` follows. */
const ambiguous = [
  '\n.\r\n',
  '\n.\n',
  '\r\n.\n',
  '\n..\r\n',
  '\r.\r',
  '\r\n.\r',
  '\r.\r\n',
  '\n.\r',
  '\r\r\n',
  '\r\n.\r\r\n',
] as const;

/** Prose to cut bodies from: short, long and empty lines, lines with dots, octets beyond ASCII. */
export class Prose {
  readonly #bytes: Buffer;

  constructor(random: Random) {
    const lines: Buffer[] = [];
    let size = 0;
    while (size < largest + 1_000_000) {
      const length = random.chance(0.002) ? random.whole(1000, 5000) : random.whole(0, 120);
      let line = random.chance(0.05) ? '.'.repeat(random.whole(1, 3)) : '';
      while (line.length < length)
        line += random.pick(['lorem ', 'ipsum. ', '.', 'dolor=20', '\xe4\xff ', '--x ']);
      const bytes = Buffer.from(`${line}\r\n`, 'latin1');
      lines.push(bytes);
      size += bytes.length;
    }
    this.#bytes = Buffer.concat(lines);
  }

  /** Whole lines, about so many octets. */
  cut(random: Random, octets: number): Buffer {
    const from = this.#bytes.indexOf('\r\n', random.whole(0, this.#bytes.length - octets - 20_000)) + 2;
    return this.#bytes.subarray(from, this.#bytes.indexOf('\r\n', from + octets) + 2);
  }
}

/** Makes a message of a kind that `random` draws. */
export function makeMessage(random: Random, id: string, prose: Prose): Message {
  const [kind, make] = random.weighted<readonly [string, (random: Random, prose: Prose) => Content]>([
    [60, ['plain', plain]],
    [6, ['large', large]],
    [12, ['calendar', calendar]],
    [2, ['signed calendar', signedCalendar]],
    [5, ['bare LF', bareLf]],
    [6, ['smuggling', smuggling]],
    [1, ['too large', tooLarge]],
    [2, ['bad header', badHeader]],
    [2, ['foreign From', foreignFrom]],
    [1, ['header alone', () => ({ headers: '', body: Buffer.alloc(0) })]],
  ]);
  const { headers, body, verdict = 'deliver', arrives = body, cut = arrives } = make(random, prose);
  const from = headers.includes('From: ') ? '' : `From: ${sender}\r\n`;
  const head = Buffer.from(`Message-ID: <${id}>\r\n${from}Subject: ${kind}\r\n${headers}\r\n`);
  const digest = (of: Buffer): string => sha256(Buffer.concat([head, of]));
  const sent = Buffer.concat([head, body]);
  return {
    id,
    kind,
    verdict,
    wire: kind === 'smuggling' ? sent : stuffed(sent),
    size: sent.length,
    whole: digest(arrives),
    cut: cut === arrives ? digest(arrives) : digest(cut),
  };
}

/** RFC 5321 4.5.2. */
function stuffed(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replaceAll(/^\./gm, '..'), 'latin1');
}

function plain(random: Random, prose: Prose): Content {
  return { headers: '', body: prose.cut(random, random.spread(1, 100_000)) };
}

function large(random: Random, prose: Prose): Content {
  return { headers: '', body: prose.cut(random, random.spread(300_000, largest - 50_000)) };
}

function tooLarge(random: Random, prose: Prose): Content {
  return { headers: '', body: prose.cut(random, largest + random.whole(1, 500_000)), verdict: '552 5.3.4' };
}

function badHeader(random: Random, prose: Prose): Content {
  const headers = random.pick([
    'no colon\r\n',
    'Space : before\r\n',
    `From: ${sender}\r\nFrom: ${sender}\r\n`,
  ]);
  return { headers, body: prose.cut(random, 500), verdict: '554 5.6.0' };
}

function foreignFrom(random: Random, prose: Prose): Content {
  return { headers: 'From: boss@evil.example\r\n', body: prose.cut(random, 500), verdict: '550 5.7.1' };
}

function bareLf(random: Random, prose: Prose): Content {
  const lines = prose.cut(random, random.spread(200, 20_000)).toString('latin1').split('\r\n').slice(0, -1);
  // Without dot lines: beside a bare LF those are refused.
  const kept = lines.map((line) => line.replace(/^\.+/, ''));
  const ends = kept.map((_, index) => (index < kept.length - 1 && random.chance(0.3) ? '\n' : '\r\n'));
  const write = (end: (index: number) => string): Buffer =>
    Buffer.from(kept.map((line, index) => line + end(index)).join(''), 'latin1');
  return { headers: '', body: write((index) => ends[index] ?? ''), arrives: write(() => '\r\n') };
}

function smuggling(random: Random, prose: Prose): Content {
  const before = stuffed(prose.cut(random, random.spread(10, 5000))).subarray(0, -2);
  const trick = Buffer.from(`${random.pick(ambiguous)}${second.slice(0, -3)}`);
  return { headers: '', body: Buffer.concat([before, trick]), verdict: '554 5.6.0' };
}

/** An invitation as calendars send them, and what must be left of it. */
function calendar(random: Random, prose: Prose): Content {
  const text = part('text/plain; charset=utf-8', prose.cut(random, random.spread(10, 5000)));
  const html = part('text/html', Buffer.from('<p>You are invited.</p>'));
  const event = part('text/calendar; method=REQUEST; charset=utf-8', ics);
  const file = Buffer.from(
    `Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="invite.ICS"\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${ics.toString('base64')}`,
  );
  const other = part('application/pdf; name=agenda.ics.pdf', prose.cut(random, random.spread(10, 50_000)));
  const [inner, outer] = [`i${random.whole(0, 1e9)}`, `o${random.whole(0, 1e9)}`];
  const write = (withEvents: boolean): Buffer => {
    const events = (one: Buffer): Buffer[] => (withEvents ? [one] : []);
    const body = multipart(inner, [text, html, ...events(event)]);
    const alternative = part(`multipart/alternative; boundary="${inner}"`, body);
    return multipart(outer, [alternative, ...events(file), other]);
  };
  return { headers: mixed(outer), body: write(true), cut: write(false) };
}

/** Under a signature nothing is cut (RFC 1847 2.1). */
function signedCalendar(random: Random): Content {
  const boundary = `s${random.whole(0, 1e9)}`;
  const event = part('text/calendar; method=REQUEST', ics);
  const signature = part('application/pkcs7-signature', Buffer.from('MIAGCSqGSIb3DQEHAqCAMIACAQE='));
  const type = `multipart/signed; protocol="application/pkcs7-signature"; boundary="${boundary}"`;
  return { headers: `${mime}Content-Type: ${type}\r\n`, body: multipart(boundary, [event, signature]) };
}

const mime = 'MIME-Version: 1.0\r\n';
const mixed = (boundary: string): string =>
  `${mime}Content-Type: multipart/mixed; boundary="${boundary}"\r\n`;
const ics = Buffer.from(
  'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1@soak\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n',
);

function part(type: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`Content-Type: ${type}\r\n\r\n`), content]);
}

function multipart(boundary: string, parts: readonly Buffer[]): Buffer {
  const lines = parts.flatMap((one) => [Buffer.from(`--${boundary}\r\n`), one, Buffer.from('\r\n')]);
  return Buffer.concat([
    Buffer.from('A multipart message.\r\n\r\n'),
    ...lines,
    Buffer.from(`--${boundary}--\r\n`),
  ]);
}
