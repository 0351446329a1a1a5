import { randomBytes } from 'node:crypto';

import type { Ability, Mail } from './client.ts';

/** One thing that applications ask of a mail server. */
export interface Story {
  readonly name: string;
  readonly mail: Mail;
  /** What a client needs for it, and what becomes of the mail when it lacks that. */
  readonly needs?: { readonly ability: Ability; readonly else: 'delivered without' | 'refused' };
}

const from = 'app@sender.example';

/** What servers and clients are known to trip over: dots, blanks at the end of a line, `From `. */
const text = ['Hello,', '.', '..', '.a', '', 'From here on', 'blanks  ', '\t', '.', 'the end'].join('\r\n');

/** Within the default MAX_MESSAGE_BYTES, which is 25 MiB. */
const largeOctets = 25_000_000;

/** All mails of a run; the large one is made of random octets in base64, as an attachment is. */
export function stories(): Story[] {
  return [
    {
      name: 'several recipients',
      mail: {
        from,
        to: ['first@good.example', 'Second.Name@good.example', 'third+tag@good.example'],
        subject: 'Several recipients',
        body: text,
      },
    },
    {
      name: '8-bit content',
      mail: { from, to: ['to@good.example'], subject: '8-bit content', body: `${text}\r\nGrüße, 你好, 😀` },
      needs: { ability: '8BITMIME', else: 'delivered without' },
    },
    {
      name: 'UTF-8 addresses',
      mail: {
        from: 'jörg@sender.example',
        to: ['grüße@good.example', 'ascii@good.example'],
        subject: 'UTF-8 addresses',
        body: text,
      },
      needs: { ability: 'SMTPUTF8', else: 'refused' },
    },
    {
      name: '25 MB',
      mail: { from, to: ['to@good.example'], subject: '25 MB', body: base64Lines(largeOctets) },
    },
    {
      name: 'pipelined, 40 recipients',
      mail: {
        from,
        to: Array.from({ length: 40 }, (_, number) => `to${number}@good.example`),
        subject: 'Pipelined',
        body: text,
      },
      needs: { ability: 'PIPELINING', else: 'delivered without' },
    },
  ];
}

function base64Lines(octets: number): string {
  const line = 76;
  const lines = Math.floor(octets / (line + '\r\n'.length));
  const base64 = randomBytes((lines * line * 3) / 4).toString('base64');
  return Array.from({ length: lines }, (_, index) => base64.slice(index * line, (index + 1) * line)).join(
    '\r\n',
  );
}
