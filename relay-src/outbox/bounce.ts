/** Non-delivery reports (RFC 3464) to those whose mail failed. */
import { randomBytes } from 'node:crypto';
import { isAscii } from '../smtp/domain-name.ts';
import { printable } from '../smtp/reply.ts';
import { messageDate } from '../smtp/received.ts';
import type { Config } from './config.ts';
import { DamagedMessage } from './spool/errors.ts';
import type { Message, Outcome } from './spool/message.ts';
import type { Spool } from './spool/spool.ts';
import type { Transport } from './transport.ts';

/** Header fields of the original that are returned, in octets. */
const mostHeader = 65_536;

/** What became of a bounce; `queued` or why there is none. */
export type BounceResult = 'queued' | 'off' | 'no-sender' | 'is-bounce' | 'own-mailbox';

export interface BouncerOptions {
  readonly bounces: Config['bounces'];
  readonly hostname: string;
  readonly spool: Pick<Spool, 'receive' | 'read'>;
  readonly transport: Pick<Transport, 'mailboxOf'>;
}

export class Bouncer {
  readonly #options: BouncerOptions;

  constructor(options: BouncerOptions) {
    this.#options = options;
  }

  /**
   * Queues a report of these recipients. `mailboxFailed`: it was the sending mailbox that failed, so the report must
   * not wait behind it. Said again of the same attempt, after a crash, it is the same report. Rejects with SpoolError.
   */
  async bounce(
    message: Message,
    failures: ReadonlyMap<string, Outcome>,
    mailboxFailed: boolean,
  ): Promise<BounceResult> {
    const { bounces, hostname, spool, transport } = this.#options;
    if (bounces === undefined) return 'off';
    if (message.bounceOf !== undefined) return 'is-bounce';
    const to = bounces.to ?? message.sender;
    if (to === '') return 'no-sender';
    const mailbox = transport.mailboxOf({ sender: '', headerFrom: bounces.from });
    if (mailboxFailed && mailbox === message.mailbox) return 'own-mailbox';
    const original = await spool.read(message.id).catch((error: unknown) => {
      if (error instanceof DamagedMessage) return Buffer.alloc(0);
      throw error;
    });
    const report = renderReport({
      from: bounces.from,
      to,
      hostname,
      message,
      failures,
      original,
      now: new Date(),
    });
    const incoming = await spool.receive(report.length);
    incoming.write(report);
    await incoming.commit({
      sender: '',
      headerFrom: bounces.from,
      mailbox,
      recipients: [to],
      smtpUtf8: !isAscii(to) || !isAscii(bounces.from),
      bounceOf: message.id,
      key: `bounce of ${message.id}, ${message.attemptCount}`,
    });
    return 'queued';
  }
}

export interface ReportContent {
  readonly from: string;
  readonly to: string;
  readonly hostname: string;
  readonly message: Message;
  readonly failures: ReadonlyMap<string, Outcome>;
  /** The whole message that failed. */
  readonly original: Buffer;
  readonly now: Date;
}

/** The report as a message: text for people, fields for programs, and the header of the original. */
export function renderReport({
  from,
  to,
  hostname,
  message,
  failures,
  original,
  now,
}: ReportContent): Buffer {
  const boundary = `report-${randomBytes(12).toString('hex')}`;
  const header = headerOf(original);
  const messageId = /^Message-ID:[ \t]*(<[\x21-\x7e]{1,250}>)[ \t]*\r$/im.exec(
    header.toString('latin1'),
  )?.[1];
  const part = (type: string): string => `\r\n--${boundary}\r\nContent-Type: ${type}\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(
      lines(
        `From: Mail delivery <${from}>`,
        `To: <${to}>`,
        'Subject: Your mail could not be delivered',
        `Date: ${messageDate(now.getTime())}`,
        `Message-ID: <${message.id}.${now.getTime().toString(36)}@${hostname}>`,
        ...(messageId === undefined ? [] : [`In-Reply-To: ${messageId}`, `References: ${messageId}`]),
        'Auto-Submitted: auto-replied',
        'X-Auto-Response-Suppress: All',
        'MIME-Version: 1.0',
        'Content-Type: multipart/report; report-type=delivery-status;',
        `\tboundary="${boundary}"`,
        'Content-Transfer-Encoding: 8bit',
        '',
        'This is a report for programs that read MIME.',
      ) +
        part('text/plain; charset=utf-8') +
        forPeople(hostname, message, failures) +
        part('message/delivery-status') +
        forPrograms(hostname, message, failures) +
        part('text/rfc822-headers; charset=utf-8'),
    ),
    header,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

function forPeople(hostname: string, message: Message, failures: ReadonlyMap<string, Outcome>): string {
  const one = failures.size === 1;
  return lines(
    `The mail that you handed in on ${messageDate(message.accepted)} could not be delivered to`,
    `${one ? 'this recipient' : 'these recipients'}, and will not be tried again:`,
    '',
    ...[...failures].flatMap(([recipient, { answer }]) => [`  ${recipient}`, `    ${clip(answer)}`]),
    '',
    `Its id at ${hostname} is ${message.id}.`,
  );
}

/** RFC 3464 2: fields of the message, then a group of fields for each recipient. */
function forPrograms(hostname: string, message: Message, failures: ReadonlyMap<string, Outcome>): string {
  return [
    lines(
      `Reporting-MTA: dns; ${hostname}`,
      `X-Outbox-Queue-ID: ${message.id}`,
      `Arrival-Date: ${messageDate(message.accepted)}`,
    ),
    ...[...failures].map(([recipient, { at, answer, status }]) =>
      lines(
        `Final-Recipient: ${recipientField(recipient)}`,
        'Action: failed',
        `Status: ${status ?? '5.0.0'}`,
        `Diagnostic-Code: x-outbox; ${clip(answer)}`,
        `Last-Attempt-Date: ${messageDate(at)}`,
      ),
    ),
  ].join('\r\n');
}

/** An address that is not ASCII is written in it (RFC 6533 3). */
function recipientField(recipient: string): string {
  if (isAscii(recipient)) return `rfc822; ${recipient}`;
  const escaped = recipient.replaceAll(
    /[^\x21-\x7e]|[\\+=]/gu,
    (c) => `\\x{${(c.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`,
  );
  return `utf-8; ${escaped}`;
}

/** The header block of the original, without Bcc: the report may go to somebody else. */
function headerOf(original: Buffer): Buffer {
  const end = original.indexOf('\r\n\r\n');
  const header = original.subarray(0, Math.min(end < 0 ? original.length : end + 2, mostHeader));
  const whole = header.subarray(0, header.lastIndexOf('\r\n') + 2).toString('latin1');
  return Buffer.from(whole.replaceAll(/^bcc[ \t]*:.*(?:\r\n[ \t].*)*\r\n/gim, ''), 'latin1');
}

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('');

/** An answer of the next hop on one line of a message. */
const clip = (answer: string): string => printable(answer).slice(0, 900);
