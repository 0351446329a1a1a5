/** The message as a next hop with an envelope gets it: nothing that was only for us, and no Bcc. */
import { headerFields } from '../../smtp/header-fields.ts';
import { headerLength } from './rewrite.ts';
import { findOwnTrace } from './trace.ts';

/** Without Bcc, Return-Path, and the trace fields above that of mx-validator. All other bytes stay. */
export function submission(message: Buffer): Buffer {
  const header = message.subarray(0, headerLength(message));
  const fields = headerFields(header);
  const trace = findOwnTrace(fields)?.index ?? 0;
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const [index, { end, name, start }] of fields.entries()) {
    // RFC 5322 3.6.3 and 3.6.6: blind recipients, of a resent message too. RFC 5321 4.4: the last hop's alone.
    const goes = /^(?:(?:resent-)?bcc|return-path)$/.test(name) || (name === 'received' && index < trace);
    if (!goes) continue;
    pieces.push(message.subarray(copied, start));
    copied = end;
  }
  return copied === 0 ? message : Buffer.concat([...pieces, message.subarray(copied)]);
}

/** What a message needs of a next hop because of its bytes. */
export interface Needs {
  readonly eightBitMime: boolean;
  /** A header or an address that is not ASCII (RFC 6531 3.1). */
  readonly smtpUtf8: boolean;
}

/** `addresses` are those of the envelope. */
export function needsOf(message: Buffer, addresses: readonly string[]): Needs {
  const end = headerLength(message);
  const inHeader = hasEightBit(message.subarray(0, end));
  const smtpUtf8 = inHeader || addresses.some((address) => hasEightBit(Buffer.from(address)));
  return { smtpUtf8, eightBitMime: smtpUtf8 || hasEightBit(message.subarray(end)) };
}

// eslint-disable-next-line no-control-regex
const eightBit = /[^\x00-\x7f]/;

const hasEightBit = (bytes: Buffer): boolean => eightBit.test(bytes.toString('latin1'));
