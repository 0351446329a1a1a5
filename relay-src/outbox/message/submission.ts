/** The message as a next hop with an envelope gets it: nothing that was only for us, and no Bcc. */
import { headerFields } from '../../smtp/header-fields.ts';
import { headerLength } from './rewrite.ts';
import { ownTraceId, validatorTrace } from './trace.ts';

/** Without Bcc, Return-Path, and foreign trace fields above that of mx-validator. All other bytes stay. */
export function submission(message: Buffer): Buffer {
  const header = message.subarray(0, headerLength(message));
  const fields = headerFields(header);
  const trace = validatorTrace(fields);
  const pieces: Buffer[] = [];
  let copied = 0;
  for (const [index, field] of fields.entries()) {
    const { end, name, start } = field;
    const foreign = name === 'received' && index < trace && ownTraceId(field) === undefined;
    // RFC 5322 3.6.3 and 3.6.6: blind recipients, of a resent message too. RFC 5321 4.4: the last hop's alone.
    if (!foreign && !/^(?:(?:resent-)?bcc|return-path)$/.test(name)) continue;
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
