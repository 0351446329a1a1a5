/** The trace header that every hop adds (RFC 5321 4.4). */
import { isIP, isIPv6 } from 'node:net';
import { toALabels } from './address.ts';

export interface Trace {
  /** From {@link fromClause}. */
  readonly from: string;
  /** Our name. */
  readonly by: string;
  /** Keyword of RFC 3848 or RFC 6531 4.3. */
  readonly protocol: string;
  readonly id: string;
  /** Named only if it is the sole recipient: more would show a Bcc to everybody (RFC 5321 7.2). */
  readonly recipient: string | undefined;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Who we have it from: the same for all messages of a session. */
export function fromClause(helo: string, remoteAddress: string): string {
  // What is not a domain goes in as the address alone: it may be anything (RFC 5321 4.1.4 has us take it).
  const name = isIP(helo) === 0 ? toALabels(helo) : undefined;
  const address = isIPv6(remoteAddress) ? `[IPv6:${remoteAddress}]` : `[${remoteAddress}]`;
  return `${name ?? address} (${address})`;
}

/** The header field, folded, with its CRLF. */
export function receivedHeader(trace: Trace): string {
  const recipient = trace.recipient === undefined ? '' : `\r\n\tfor <${trace.recipient}>`;
  return (
    `Received: from ${trace.from}\r\n` +
    `\tby ${trace.by} with ${trace.protocol} id ${trace.id}${recipient};\r\n` +
    `\t${messageDate(trace.time)}\r\n`
  );
}

let lastSecond = 0;
let lastText = '';

/** A date as RFC 5322 3.3 has it, in UTC, e.g. `Sat, 21 Nov 2026 12:00:00 +0000`. */
export function messageDate(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(time).toUTCString().replace('GMT', '+0000');
  }
  return lastText;
}
