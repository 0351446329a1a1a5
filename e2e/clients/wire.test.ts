import { expect, it } from '@jest/globals';

import { ClientSide } from './wire.ts';
import type { Transaction } from './wire.ts';

/** Reads a session in pieces of this size. The server says 354 to each DATA before more is read. */
function read(session: string, size: number): { commands: string[]; transactions: Transaction[] } {
  const commands: string[] = [];
  const transactions: Transaction[] = [];
  const side = new ClientSide({
    command(line) {
      commands.push(line);
      if (line === 'DATA') side.startMessage();
    },
    message: (transaction) => transactions.push(transaction),
  });
  const octets = Buffer.from(session);
  for (let at = 0; at < octets.length; at += size) side.push(octets.subarray(at, at + size));
  return { commands, transactions };
}

it('finds the same messages however the session is cut', () => {
  const lines = [
    'EHLO client.example',
    'MAIL FROM:<a@b.example> BODY=8BITMIME',
    'RCPT TO:<c@d.example>',
    'RCPT TO:<e@f.example>',
    'DATA',
    'Subject: Grüße',
    '',
    '..',
    'no end: .',
    '.',
    'mail from:<g@h.example>',
    'rcpt to:<i@j.example>',
    'DATA',
    '.',
    'QUIT',
    '',
  ];
  const whole = read(lines.join('\r\n'), Infinity);

  expect(whole.commands).toEqual([...lines.slice(0, 5), ...lines.slice(10, 13), 'QUIT']);
  expect(whole.transactions).toEqual([
    {
      mail: '<a@b.example> BODY=8BITMIME',
      rcpt: ['<c@d.example>', '<e@f.example>'],
      message: Buffer.from('Subject: Grüße\r\n\r\n..\r\nno end: .\r\n'),
    },
    { mail: '<g@h.example>', rcpt: ['<i@j.example>'], message: Buffer.from('') },
  ]);
  for (let size = 1; size < 20; size += 1) expect(read(lines.join('\r\n'), size)).toEqual(whole);
});
