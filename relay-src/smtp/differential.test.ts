/**
 * The untouched smtp-server as an oracle: every dialogue that is not about the upstream is said to it too, and
 * where its reply codes differ from ours, the difference is listed here with the clause that we hold instead.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { parseDialogue, unescape, type Dialogue } from '../testing/dialogue.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestRelay, verdicts } from '../testing/relay.ts';

const folder = new URL('../mx-validator/dialogues/', import.meta.url);
/** Dialogues that ask something of the relay or its upstream which the library has no part in. */
const isOurs = ({ env, faults, down, offers, fast, steps }: Dialogue): boolean =>
  Object.keys(env).length + faults.length === 0 &&
  !down &&
  !fast &&
  offers === undefined &&
  steps.every(({ who, text }) => /[cu]/.test(who) && !text.includes('broken.example'));

/** What is sent → our codes, the library's codes, and why. */
const differences: Readonly<Record<string, readonly [ours: string, library: string, why: string]>> = {
  'address-lengths.smtp RCPT TO:<{a*65}@ok.example>': [
    '501',
    '250',
    'local part over 64 octets, RFC 5321 4.5.3.1.1',
  ],
  'address-lengths.smtp RCPT TO:<u@{b*64}.example>': ['501', '250', 'label over 63 octets, RFC 1035 2.3.4'],
  'address-lengths.smtp RCPT TO:<u@{bbbbbbbbb.*25}cc>': [
    '250',
    '501',
    'path of 256 octets, RFC 5321 4.5.3.1.3',
  ],
  'bad-addresses.smtp RCPT TO:<user@-ok.example>': ['501', '250', 'label begins with a hyphen, RFC 1123 2.1'],
  'bad-addresses.smtp RCPT TO:<user@1.2.3.4>': ['501', '250', 'an address without brackets, RFC 5321 4.1.3'],
  'command-lines.smtp NOOP {x*2042}': [
    '500',
    '421',
    'a line too long costs a reply, not the session, RFC 5321 4.5.3.1.9',
  ],
  'command-lines.smtp NOOP {x*16000}': ['500', '', 'as before'],
  'command-lines.smtp NOOP a\\rNOOP b\\r\\n': ['500', '', 'as before'],
  'command-lines.smtp RCPT\\tTO:<user@ok.example>\\r\\n': ['500', '', 'as before'],
  'command-lines.smtp RCPT\\x0bTO:<user@ok.example>\\r\\n': ['500', '', 'as before'],
  'command-lines.smtp NOOP \\x00\\r\\n': ['500', '', 'as before'],
  'command-lines.smtp ': ['500', '', 'as before'],
  'command-lines.smtp NOOP\\n': ['250', '', 'as before'],
  'header-block.smtp From: app@ok.example\\r\\nno colon here\\r\\n\\r\\nx\\r\\n.\\r\\n': [
    '554',
    '250',
    'field without a colon, RFC 5322 2.2',
  ],
  'header-block.smtp From: app@ok.example\\r\\nSubject : x\\r\\n\\r\\nx\\r\\n.\\r\\n': [
    '554',
    '250',
    'space before the colon, RFC 5322 2.2',
  ],
  'header-block.smtp From app@ok.example Sat Nov 21 12:00:00 2026\\r\\nFrom: app@ok': [
    '554',
    '250',
    'mbox line, RFC 5322 2.2',
  ],
  'header-block.smtp From: a@ok.example\\r\\nFROM: b@ok.example\\r\\n\\r\\nx\\r\\n.\\r\\n': [
    '554',
    '250',
    'two From, RFC 5322 3.6',
  ],
  'header-block.smtp Subject: x\\r\\n\\r\\nx\\r\\n.\\r\\n': ['554', '250', 'no From, RFC 5322 3.6'],
  'header-oddities.smtp From: app@ok.example\\r\\nSubject: \\x00\\r\\n\\r\\nx\\r\\n.\\r\\n': [
    '554',
    '250',
    'NUL in a header, RFC 5322 2.2',
  ],
  'header-oddities.smtp  folded\\r\\nFrom: app@ok.example\\r\\n\\r\\nx\\r\\n.\\r\\n': [
    '554',
    '250',
    'a fold of nothing, RFC 5322 2.2.3',
  ],
  'header-oddities.smtp From: app@ok.example\\r\\nSub ject: x\\r\\n\\r\\nx\\r\\n.\\r\\n': [
    '554',
    '250',
    'space in a field name, RFC 5322 2.2',
  ],
  'order.smtp DATA now': ['501', '354', 'DATA takes no argument, RFC 5321 4.1.1.4'],
  'order.smtp DATA': ['354', '', 'the library is in its message already'],
  'parameters.smtp MAIL FROM:<app@ok.example> FOO=1': ['555', '250', 'unknown parameter, RFC 5321 4.1.1.11'],
  'parameters.smtp MAIL FROM:<app@ok.example> BODY=9BIT': [
    '501',
    '503',
    'the library has a sender since FOO=1',
  ],
  'parameters.smtp MAIL FROM:<app@ok.example> SIZE=26214401': ['552', '503', 'as before'],
  'parameters.smtp MAIL FROM:<app@ok.example> SIZE=100 BODY=8BITMIME': ['250', '503', 'as before'],
  'parameters.smtp RCPT TO:<user@ok.example> NOTIFY=NEVER': [
    '555',
    '250',
    'DSN was not offered, RFC 5321 4.1.1.11',
  ],
  'recipients.smtp RCPT TO:<"quoted @ local"@ok.example>': [
    '250',
    '501',
    'quoted local part, RFC 5321 4.1.2',
  ],
  'recipients.smtp RCPT TO:<User@OK.example.>': ['250', '501', 'a trailing dot is tolerated, RFC 1034 3.1'],
  'recipients.smtp RCPT TO:<Postmaster>': ['550', '250', 'no POSTMASTER is set here, RFC 5321 4.1.1.3'],
  'recipients.smtp RCPT TO:<user@[192.0.2.1]>': [
    '550',
    '250',
    'a relay to the outside has no use for literals, RFC 5321 4.1.3',
  ],
  'recipients.smtp RCPT TO:<user@[IPv6:2001:db8::1]>': ['550', '250', 'as before'],
  'small-commands.smtp EXPN list': ['502', '500', 'known but not implemented, RFC 5321 4.2.4'],
  'smtputf8.smtp MAIL FROM:<\\xc3\\xa4pp@ok.example>\\r\\n': [
    '553',
    '250',
    'UTF-8 address without SMTPUTF8, RFC 6531 3.5',
  ],
  'smtputf8.smtp MAIL FROM:<\\xc3\\xa4pp@ok.example> SMTPUTF8 BODY=8BITMIME\\r\\n': [
    '250',
    '503',
    'the library has a sender already',
  ],
  'bare-newlines.smtp From: app@ok.example\\r\\n\\r\\nx\\n.\\r\\nMAIL FROM:<evil@ok.examp': [
    '554',
    '250',
    'dot line beside a bare LF, RFC 5321 2.3.8',
  ],
  'long-lines.smtp From: app@ok.example\\r\\n\\r\\n{x*1048575}\\r\\n.\\r\\n': [
    '554',
    '250',
    'line over the limit, RFC 5321 4.5.3.1.6',
  ],
  'loop.smtp {received: by a.example\\r\\n*101}From: app@ok.example\\r\\n\\r\\n': [
    '554',
    '250',
    'mail loop, RFC 5321 6.3',
  ],
  'too-many-errors.smtp FOO': ['421', '500', 'the library counts unknown commands only, RFC 5321 3.8'],
  'too-many-recipients.smtp RCPT TO:<user@ok.example>': [
    '452',
    '250',
    'the library counts a repeated recipient once, RFC 5321 4.5.3.1.10',
  ],
  'too-many-refused.smtp RCPT TO:<user@gone.example>': [
    '421',
    '550',
    'refused recipients are counted, RFC 5321 7.3',
  ],
};

const oracle = new SMTPServer({
  name: 'relay.example',
  disabledCommands: ['STARTTLS', 'AUTH', 'XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL'],
  hideSTARTTLS: true,
  disableReverseLookup: true,
  size: 26_214_400,
  rejectOversized: true,
  maxRecipients: 100,
  maxCommandLength: 2046,
  heloResponse: '%s',
  onRcptTo({ address }, _session, callback) {
    const verdict = verdicts[address.slice(address.lastIndexOf('@') + 1)]?.kind ?? 'deliverable';
    const responseCode = { deliverable: 250, 'no-such-domain': 550, 'null-mx': 556, trouble: 451 }[verdict];
    callback(verdict === 'deliverable' ? null : Object.assign(new Error(verdict), { responseCode }));
  },
  onData(stream, _session, callback) {
    stream.on('end', () => callback());
    stream.resume();
  },
});
const upstream = new FakeUpstream();

beforeAll(async () => {
  oracle.on('error', () => undefined);
  oracle.listen(0, '127.0.0.1');
  await Promise.all([once(oracle.server, 'listening'), upstream.start()]);
});
afterAll(async () => {
  oracle.close();
  await upstream.stop();
});

/** The codes that each input is answered with: `expected` of them, or fewer where the library falls silent. */
async function codes(client: RawClient, expected: number): Promise<string> {
  const found: string[] = [];
  while (found.length < expected) {
    const reply = await client.reply(2000).catch(() => []);
    if (reply.length === 0) break;
    found.push(reply.at(-1)?.slice(0, 3) ?? '');
  }
  return found.join(' ');
}

/** Says the client's part of a dialogue; returns input → codes. */
async function say(port: number, dialogue: Dialogue): Promise<Map<string, string>> {
  const client = await RawClient.connect(port);
  const said = new Map<string, string>();
  let input = 'CONNECT';
  let lines = 0;
  const flush = async (): Promise<void> => {
    if (lines > 0) said.set(input, await codes(client, lines));
    lines = 0;
  };
  for (const { who, operator, text } of dialogue.steps) {
    if (who !== 'c') continue;
    if (operator === '->' || operator === '~>') {
      await flush();
      input = text;
      await client.send(Buffer.from(unescape(operator === '->' ? `${text}\\r\\n` : text), 'latin1'));
    } else if (operator === '<-' || operator.startsWith('<~')) {
      // Lines of one multi-line reply are one answer.
      const times = input.startsWith('EHLO') ? 1 : Number(operator.slice(3) || 1);
      if (!/^\d{3}-/.test(text)) lines += times;
    }
  }
  await flush();
  client.close();
  return said;
}

it('what the library answers otherwise is listed, with the reason', async () => {
  const relay = await startTestRelay(upstream.port);
  const address = oracle.server.address();
  const oraclePort = address !== null && typeof address === 'object' ? address.port : 0;
  const found: Record<string, [string, string]> = {};
  const files = readdirSync(folder).filter((name) => name.endsWith('.smtp'));
  await Promise.all(
    files.map(async (file) => {
      const dialogue = parseDialogue(readFileSync(new URL(file, folder), 'utf8'));
      if (!isOurs(dialogue)) return;
      const [ours, theirs] = [await say(relay.ports[0] ?? 0, dialogue), await say(oraclePort, dialogue)];
      for (const [input, reply] of ours) {
        if (theirs.get(input) !== reply)
          found[`${file} ${input.slice(0, 60)}`] = [reply, theirs.get(input) ?? ''];
      }
    }),
  );
  await relay.stop(0);
  const listed = Object.fromEntries(
    Object.entries(differences).map(([input, [ours, library]]) => [input, [ours, library]]),
  );
  expect(found).toEqual(listed);
});
