import { describe, expect, it } from '@jest/globals';

import { checkDelivery } from './check.ts';
import type { Mail } from './client.ts';
import type { Transaction } from './wire.ts';

const mail: Mail = {
  from: 'a@b.example',
  to: ['c@d.example', 'e@f.example'],
  subject: 'S',
  body: '.\r\nend',
};
const text = 'Subject: S\r\n\r\n..\r\nend\r\n';
const received = 'Received: from client\r\n\tby relay; now\r\n';

function transaction(
  change: Partial<Record<'mail' | 'message', string> & Pick<Transaction, 'rcpt'>> = {},
): Transaction {
  const { message = text, ...envelope } = change;
  return {
    mail: '<a@b.example> BODY=8BITMIME',
    rcpt: ['<e@f.example>', '<c@d.example>'],
    message: Buffer.from(message),
    ...envelope,
  };
}

const sent = transaction();
const good = transaction({ message: received + text });

it('takes the same message behind one Received header for delivered', () => {
  const hop = transaction({ mail: '<a@b.example> SIZE=9 BODY=8BITMIME', message: received + text });
  expect(checkDelivery(mail, [sent], [hop])).toEqual({ '8BITMIME': true, SMTPUTF8: false });
});

describe('objects to', () => {
  const faults: Record<string, [sent: Transaction, arrived: Transaction[]]> = {
    'a lost message': [sent, []],
    'a message that arrives twice': [sent, [good, good]],
    'an altered octet': [sent, [transaction({ message: received + text.replace('end', 'eNd') })]],
    'a dot that is lost': [sent, [transaction({ message: received + text.replace('..', '.') })]],
    'a missing Received header': [sent, [sent]],
    'a second one': [sent, [transaction({ message: received + received + text })]],
    'a lost parameter': [sent, [{ ...good, mail: '<a@b.example>' }]],
    'another sender': [sent, [{ ...good, mail: '<A@b.example> BODY=8BITMIME' }]],
    'a lost recipient': [sent, [{ ...good, rcpt: ['<e@f.example>'] }]],
    'a client that alters the body': [
      transaction({ message: text.replace('end', 'eNd') }),
      [transaction({ message: received + text.replace('end', 'eNd') })],
    ],
  };

  it.each(Object.entries(faults))('%s', (_name, [client, arrived]) => {
    expect(() => checkDelivery(mail, [client], arrived)).toThrow();
  });
});
