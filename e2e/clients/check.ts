import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import type { Mail } from './client.ts';
import type { Transaction } from './wire.ts';

/** The extensions that a MAIL command uses. */
export interface Extensions {
  readonly '8BITMIME': boolean;
  readonly SMTPUTF8: boolean;
}

/**
 * Compares what the client gave away with what the next hop got: once, the same envelope and MAIL parameters, and
 * the same octets behind one `Received` header.
 *
 * @param sent as the client sent it, headers that it added included.
 * @returns what the client made use of.
 * @throws {assert.AssertionError} that names the difference.
 */
export function checkDelivery(
  mail: Mail,
  sent: readonly Transaction[],
  arrived: readonly Transaction[],
): Extensions {
  const [client, hop] = [only(sent, 'the client sent'), only(arrived, 'the next hop got')];

  const [sender = '', ...parameters] = parts(client.mail);
  assert.deepEqual(
    { sender, recipients: client.rcpt.toSorted() },
    { sender: `<${mail.from}>`, recipients: mail.to.map((recipient) => `<${recipient}>`).toSorted() },
    'the client did not send the envelope that it was given',
  );
  assert.deepEqual(hop.rcpt, client.rcpt, 'the recipients differ');
  assert.deepEqual(parts(hop.mail), [sender, ...parameters], 'MAIL differs');

  const header = hop.message.subarray(0, -client.message.length).toString();
  assert.match(header, /^Received: .*\r\n(?:[ \t].*\r\n)*$/, 'not one header stands before the message');
  assert.equal(
    sha256(hop.message.subarray(header.length)),
    sha256(client.message),
    'the message was altered',
  );

  assert.equal(
    sha256(bodyOf(client)),
    sha256(Buffer.from(`${mail.body}\r\n`)),
    'the client altered the body',
  );
  return { '8BITMIME': parameters.includes('BODY=8BITMIME'), SMTPUTF8: parameters.includes('SMTPUTF8') };
}

function only(transactions: readonly Transaction[], who: string): Transaction {
  const [one] = transactions;
  assert(one !== undefined && transactions.length === 1, `${who} ${transactions.length} messages`);
  return one;
}

/** The sender, then the parameters in an order of ours; without SIZE, which is a hint. */
function parts(mail: string): string[] {
  const [sender = '', ...parameters] = mail.split(' ');
  const upper = parameters.map((parameter) => parameter.toUpperCase());
  return [sender, ...upper.filter((parameter) => !parameter.startsWith('SIZE=')).toSorted()];
}

/** The body as its reader gets it: leading dots are not doubled. */
function bodyOf({ message }: Transaction): Buffer {
  const text = message.toString('latin1', message.indexOf('\r\n\r\n') + 4);
  return Buffer.from(text.replace(/^\./gm, ''), 'latin1');
}

const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex');
