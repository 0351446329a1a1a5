import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser';
import PostalMime from 'postal-mime';
import { receivedHeader } from '../../smtp/received.ts';
import { submission } from './submission.ts';
import { MessageError, rewriteMessage, type RewriteOptions } from './rewrite.ts';

const body = 'To: not a header\r\n\r\n.Bcc: <x@example.net>\r\n\0\xff';

function rewrite(header: string, recipients: string[], options: Partial<RewriteOptions> = {}): string {
  const message = Buffer.from(`${header}\r\n${body}`, 'latin1');
  const whole = { sender: 'app@example.com', recipients, headerRecipients: 'rewrite' as const, ...options };
  const out = rewriteMessage(message, whole).toString('latin1');
  expect(out.endsWith(`\r\n\r\n${body}`)).toBe(true);
  return out.slice(0, -body.length - 2);
}

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('the recipients are the envelope', () => {
  it.each<[string, string, string[], string]>([
    [
      'leaves a header alone that names exactly the envelope',
      'From: App <app@example.com>\r\nTo:A <a@Example.ORG> ,\r\n b@example.org (me)\r\nCC: "C, c" <c@example.org>\r\nSubject: x\r\n',
      ['c@example.org', 'a@example.org', 'b@example.org'],
      'From: App <app@example.com>\r\nTo:A <a@Example.ORG> ,\r\n b@example.org (me)\r\nCC: "C, c" <c@example.org>\r\nSubject: x\r\n',
    ],
    [
      'takes out who is not in the envelope, and keeps what was there',
      'To: a@example.org, "B, b" <b@example.org>, c@example.org\r\nSubject: x\r\n',
      ['b@example.org'],
      'To: "B, b" <b@example.org>\r\nX-Relay-Original-To: a@example.org, "B, b" <b@example.org>, c@example.org\r\nSubject: x\r\n',
    ],
    [
      'names in Bcc who is named nowhere else',
      'To: a@example.org\r\nCc: b@example.org\r\nBcc: b@example.org, z@example.net\r\nSubject: x\r\n',
      ['a@example.org', 'y@example.org', 'z@example.org', 'y@example.org'],
      'Bcc: y@example.org,\r\n\tz@example.org\r\nFrom: app@example.com\r\nTo: a@example.org\r\nX-Relay-Original-Cc: b@example.org\r\nSubject: x\r\n',
    ],
    [
      'discloses nobody where nobody is left',
      'To: a@example.org\r\n',
      ['z@example.org'],
      'Bcc: z@example.org\r\nTo: undisclosed-recipients:;\r\nFrom: app@example.com\r\nX-Relay-Original-To: a@example.org\r\n',
    ],
    [
      'leaves an empty group, and removes an empty field',
      'To: undisclosed-recipients:;\r\nCc:\r\n',
      ['z@example.org'],
      'Bcc: z@example.org\r\nFrom: app@example.com\r\nTo: undisclosed-recipients:;\r\n',
    ],
    [
      'opens groups, passes over old commas, and drops comments that readers stumble on',
      'To: (x) Team : a@example.org, Bee <b@example.org>; , c@example.org\r\nCc: d@example.org (x;\\) y)\r\n',
      ['b@example.org', 'd@example.org'],
      'To: Team: Bee <b@example.org>;\r\nX-Relay-Original-To: (x) Team : a@example.org, Bee <b@example.org>; , c@example.org\r\nCc: d@example.org\r\nX-Relay-Original-Cc: d@example.org (x;\\) y)\r\n',
    ],
    [
      'removes what else could name or reveal somebody',
      'Return-Path: <bounce@example.com>\r\nResent-To: r@example.org\r\nresent-bcc: s@example.org\r\nTo: a@example.org\r\n',
      ['a@example.org'],
      'To: a@example.org\r\n',
    ],
    [
      'folds the case of domains, and takes the spelling of the envelope for local parts',
      'To: Bob <Bob@EXAMPLE.org>, "a b"@example.org\r\n',
      ['bob@example.org', '"a b"@example.org'],
      'To: Bob <bob@example.org>,\r\n\t"a b"@example.org\r\nX-Relay-Original-To: Bob <Bob@EXAMPLE.org>, "a b"@example.org\r\n',
    ],
    [
      'reads international addresses',
      utf8('To: Jörg <jörg@exämple.org>, =?utf-8?q?x=2C?= <x@exämple.org>\r\n'),
      ['jörg@xn--exmple-cua.org', 'ü@xn--exmple-cua.org'],
      utf8(
        'Bcc: ü@xn--exmple-cua.org\r\nFrom: app@example.com\r\nTo: Jörg <jörg@exämple.org>\r\nX-Relay-Original-To: Jörg <jörg@exämple.org>, =?utf-8?q?x=2C?= <x@exämple.org>\r\n',
      ),
    ],
    [
      'quotes a display name that another reader could take for an address',
      'To: boss@example.net <a@example.org>\r\n',
      ['a@example.org'],
      'To: "boss@example.net" <a@example.org>\r\nX-Relay-Original-To: boss@example.net <a@example.org>\r\n',
    ],
  ])('%s', (_, header, recipients, expected) => {
    const from = header.startsWith('From') ? '' : 'From: app@example.com\r\n';
    expect(rewrite(from + header, recipients)).toBe(expected.startsWith('Bcc') ? expected : from + expected);
  });

  it.each([
    'To: a@example.org; b@example.org',
    'To: a@example.org b@example.org',
    'To: <a@example.org',
    'Cc: "a@example.org',
    'Cc: Team: a@example.org',
    'To: <@relay.example:a@example.org>',
    'To: (a@example.org',
    'To: a@exa_mple.org',
    'To: undisclosed',
  ])('refuses %j', (field) => {
    expect(() => rewrite(`From: app@example.com\r\n${field}\r\n`, ['a@example.org'])).toThrow(MessageError);
  });

  it('refuses strangers where it is told to', () => {
    const header = 'From: app@example.com\r\nTo: a@example.org\r\nCc: b@example.org\r\n';
    const refuse = { headerRecipients: 'refuse' as const };
    expect(() => rewrite(header, ['a@example.org'], refuse)).toThrow(
      'Cc names <b@example.org>, who is not a recipient',
    );
    expect(rewrite(header, ['a@example.org', 'b@example.org', 'c@example.org'], refuse)).toContain('Bcc: c@');
  });
});

describe('trace fields above that of mx-validator', () => {
  const trace = (by: string, id: string): string =>
    receivedHeader({
      from: 'app.example ([10.0.0.7])',
      by,
      protocol: 'ESMTP',
      id,
      recipient: undefined,
      time: 1e12,
    });
  const outbox = trace('relay.example', '0mh3k2x7qa1b2c');
  const mailpit =
    'Received: from relay (relay [127.0.0.1])\r\n        by mailpit (Mailpit) with SMTP\r\n        for <blind@example.org>; Mon, 1 Jan 2026\r\n';
  const validator = trace('relay.example', 'k3x00001');
  const older = 'Received: from elsewhere by app.example; Mon, 1 Jan 2026\r\n';
  const rest = 'From: app@example.com\r\nTo: a@example.org\r\n';

  it('are no business of those whom Graph mails', () => {
    expect(rewrite(outbox + mailpit + validator + older + rest, ['a@example.org'])).toBe(
      validator + older + rest,
    );
    expect(rewrite(older + rest, ['a@example.org'])).toBe(older + rest);
    // What is added stands below them, and above any line that could be taken for the end.
    expect(rewrite(`${validator}X: y\r\n \r\n${rest}`, ['b@example.org'])).toBe(
      `${validator}Bcc: b@example.org\r\nTo: undisclosed-recipients:;\r\nX: y\r\n \r\nFrom: app@example.com\r\nX-Relay-Original-To: a@example.org\r\n`,
    );
  });

  it('go to a smarthost if they are ours, and blind recipients do not', () => {
    const message = `Return-Path: <x@y.example>\r\n${outbox}${mailpit}${validator}${older}${rest}BCC: c@example.org,\r\n d@example.org\r\n\r\n${body}`;
    const bytes = Buffer.from(message, 'latin1');
    expect(submission(bytes).toString('latin1')).toBe(`${outbox}${validator}${older}${rest}\r\n${body}`);
  });
});

it('asks that nobody answers what has no sender', () => {
  const header = 'From: app@example.com\r\nTo: a@example.org\r\n';
  expect(rewrite(header, ['a@example.org'], { sender: '' })).toBe(
    `Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n${header}`,
  );
  const replied = `${header}auto-submitted: auto-replied\r\nX-Auto-Response-Suppress: OOF\r\n`;
  expect(rewrite(replied, ['a@example.org'], { sender: '' })).toBe(replied);
});

it('never names anybody else, as other readers see it', async () => {
  const local = fc.constantFrom('a', 'b.c', 'D', '"e f"', '"g@h"', 'i+j', "o'k");
  const domain = fc.constantFrom('example.org', 'EXAMPLE.net', 'sub.example.com');
  const address = fc.tuple(local, domain).map((parts) => parts.join('@'));
  const phrase = fc.constantFrom(
    '',
    'Plain Name ',
    '"Quoted, <x@y.example>" ',
    '=?utf-8?q?=2C_x?= ',
    'J. R. ',
  );
  const comment = fc.constantFrom('', ' (note, a@b.example)', ' ((x) \\) )', ' (me)');
  const mailbox = fc
    .tuple(phrase, address, comment)
    .map(([name, spec, note]) => (name === '' ? spec + note : `${name}<${spec}>${note}`));
  const fold = fc.constantFrom(', ', ',', ',\r\n ', ' ,\r\n\t');
  const list = fc
    .tuple(fc.array(mailbox, { maxLength: 5 }), fold, fc.boolean())
    .map(([entries, separator, grouped]) =>
      grouped ? `Team: ${entries.join(separator)};` : entries.join(separator),
    );
  const field = fc.tuple(fc.constantFrom('To', 'Cc', 'cc', 'Bcc', 'Resent-To'), list);

  await fc.assert(
    fc.asyncProperty(
      fc.array(field, { maxLength: 4 }),
      fc.uniqueArray(address, { minLength: 1, maxLength: 5, selector: (one) => one.toLowerCase() }),
      async (fields, recipients) => {
        const header = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
        const out = rewrite(`From: app@example.com\r\n${header}`, recipients);
        const wanted = recipients.map((one) => one.replace(/@.*$/, (text) => text.toLowerCase()));
        expect(await seenByPostalMime(out)).toEqual(new Set(wanted.map(unquoted)));
        expect(seenByNodemailer(out)).toEqual(new Set(wanted.map(unquoted)));
        expect(rewrite(out, recipients)).toBe(out);
      },
    ),
    { numRuns: 100 },
  );
});

/** Other parsers take the quotes off a local part. */
const unquoted = (address: string): string => address.replace(/^"(.*)"@/, '$1@');
const folded = (address: string): string =>
  unquoted(address).replace(/@[^@]*$/, (text) => text.toLowerCase());

async function seenByPostalMime(header: string): Promise<Set<string>> {
  const { to, cc, bcc } = await PostalMime.parse(Buffer.from(header, 'latin1'));
  const all = [to, cc, bcc].flatMap((list) => list ?? []);
  return new Set(all.flatMap((one) => one.group ?? [one]).map((one) => folded(one.address ?? '')));
}

function seenByNodemailer(header: string): Set<string> {
  const fields = header.replace(/\r\n[ \t]/g, ' ').matchAll(/^(?:to|cc|bcc|resent-.*):(.*)\r\n/gim);
  const values = [...fields].map(([, value = '']) => value);
  return new Set(
    values.flatMap((value) => addressparser(value, { flatten: true })).map((one) => folded(one.address)),
  );
}
