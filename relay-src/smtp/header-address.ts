/**
 * The one address of a From or Sender field (RFC 5322 3.6.2). Strict on purpose: it decides who may send. What is
 * not plainly one address is none.
 */
import { parseAddressList } from './address-list.ts';

let lastValue = '';
let lastAddress: string | undefined;

/** `local@domain` with the domain in lower-case A-labels; undefined unless the value is exactly one mailbox. */
export function soleAddress(value: string): string | undefined {
  // An application says the same From in each of its messages.
  if (value !== lastValue) lastAddress = readAddress(value);
  lastValue = value;
  return lastAddress;
}

function readAddress(value: string): string | undefined {
  const entries = parseAddressList(value)?.entries ?? [];
  const [only] = entries;
  return entries.length === 1 && only?.kind === 'mailbox' && !only.ambiguous && !only.literal
    ? only.address
    : undefined;
}
