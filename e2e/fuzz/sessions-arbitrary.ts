/** Sessions for the fuzzer: bytes that are commands, nearly commands, messages, or nothing at all. */
import * as fc from 'fast-check';

export interface FuzzedSession {
  /** Everything the client sends, octets as characters. */
  readonly text: string;
  /** Where it is cut into chunks, ascending. */
  readonly splits: readonly number[] | 'every byte';
  /** After so many bytes the client is gone; undefined: it stays to the end. */
  readonly leaves: number | undefined;
}

const envelope = ['MAIL FROM:<a@ok.example>\r\n', 'RCPT TO:<b@ok.example>\r\n'] as const;
const hello = 'EHLO client.example\r\n';

/** The four states in which fuzzing begins. */
const states = ['', hello, hello + envelope[0], hello + envelope.join('')] as const;

const valid = fc.constantFrom(
  hello,
  'HELO client.example\r\n',
  ...envelope,
  'MAIL FROM:<> SIZE=100 BODY=8BITMIME\r\n',
  'MAIL FROM:<\xc3\xa4@ok.example> SMTPUTF8\r\n',
  'RCPT TO:<strip@ok.example>\r\n',
  'RCPT TO:<@relay.example:"a b"@ok.example>\r\n',
  'RCPT TO:<b@gone.example>\r\n',
  'RCPT TO:<b@null.example>\r\n',
  'RCPT TO:<b@trouble.example>\r\n',
  'RCPT TO:<Postmaster>\r\n',
  'RCPT TO:<b@[192.0.2.1]>\r\n',
  'DATA\r\n',
  'RSET\r\n',
  'NOOP\r\n',
  'VRFY b\r\n',
  'EXPN b\r\n',
  'HELP\r\n',
  'STARTTLS\r\n',
  'AUTH PLAIN AGEAYg==\r\n',
  'BDAT 5 LAST\r\n',
  'XCLIENT ADDR=192.0.2.1\r\n',
);

/** What a command can be spoilt with. */
const scraps = [
  ['\r', '\n', '\r\n', '\0', '\t', ' ', '  ', '<', '>', '@', ':', '.', '..', '"', '\\', '\xff', '\x7f'],
  ['=', 'SIZE=', 'BODY=', 'SMTPUTF8', 'x'.repeat(300), 'MAIL', 'RCPT TO:', 'DATA'],
].flat();

/** A valid command with one thing put in, taken out or put in another's place. */
const nearlyValid = fc
  .tuple(valid, fc.nat({ max: 60 }), fc.nat({ max: 3 }), fc.constantFrom('', ...scraps))
  .map(([command, at, length, scrap]) => command.slice(0, at) + scrap + command.slice(at + length));

const anything = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => `${Buffer.from(bytes).toString('latin1')}\r\n`);

const overlong = fc.integer({ min: 1900, max: 9000 }).map((length) => `NOOP ${'x'.repeat(length)}\r\n`);

/** Message bytes that no server can misread, */
const plain = [
  [
    '\r\n',
    '\r\n..',
    '\r\n...\r\n',
    '\r\n.x',
    ' .',
    'x',
    ' ',
    '\0',
    '\xe4',
    'Subject: y',
    ':',
    'y'.repeat(3000),
  ],
  ['Received: z\r\n', 'From: c@ok.example\r\n', `${envelope.join('')}DATA\r\n`],
].flat();
/** and some that two servers may read in two ways. */
const tricks = [
  '\n',
  '\r',
  '\r\n.',
  '\n.',
  '\r\n.\r',
  '\r\n.\n',
  '\n.\n',
  '\n.\r\n',
  '\n..\r\n',
  '\r.\r',
  '\r\r\n',
];

const plainText = fc.array(fc.constantFrom(...plain), { maxLength: 6 }).map((pieces) => pieces.join(''));
const oneTrick = fc.tuple(plainText, fc.constantFrom(...tricks), plainText).map((pieces) => pieces.join(''));
const soup = fc
  .array(fc.constantFrom(...plain, ...tricks), { maxLength: 14 })
  .map((pieces) => pieces.join(''));

const message = fc
  .tuple(
    fc.constantFrom('From: a@ok.example\r\n\r\n', 'From: a@ok.example\r\nX: ', ''),
    fc.oneof(plainText, oneTrick, soup),
  )
  .map(([header, body]) => `${header}${body}\r\n.\r\n`);

const transaction = fc
  .tuple(
    fc.array(fc.constantFrom('RCPT TO:<b@ok.example>\r\n', 'RCPT TO:<strip@ok.example>\r\n'), {
      minLength: 1,
      maxLength: 3,
    }),
    message,
  )
  .map(([recipients, body]) => `RSET\r\n${envelope[0]}${recipients.join('')}DATA\r\n${body}`);

const item = fc.oneof(
  { weight: 6, arbitrary: valid },
  { weight: 6, arbitrary: nearlyValid },
  { weight: 2, arbitrary: anything },
  { weight: 1, arbitrary: overlong },
  { weight: 2, arbitrary: message },
  { weight: 5, arbitrary: transaction },
);

/** Ends whatever state a session is in: a message, or a line that was begun. */
const ending = '\r\n.\r\nQUIT\r\n';

/** A place in the session, as a share of its length. */
const place = fc.double({ min: 0, max: 1, noNaN: true });

export const fuzzedSession: fc.Arbitrary<FuzzedSession> = fc
  .record({
    state: fc.constantFrom(...states),
    items: fc.array(item, { maxLength: 12 }),
    splits: fc.oneof(fc.array(place, { maxLength: 12 }), fc.constant('every byte' as const)),
    leaves: fc.option(place, { nil: undefined, freq: 5 }),
  })
  .map(({ state, items, splits, leaves }) => {
    const text = `${state}${items.join('')}${ending}`;
    const at = (share: number): number => Math.floor(share * text.length);
    return {
      text,
      splits: splits === 'every byte' ? splits : splits.map(at).toSorted((a, b) => a - b),
      leaves: leaves === undefined ? undefined : at(leaves),
    };
  });
