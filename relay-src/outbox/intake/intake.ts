/**
 * Accept: one SMTP transaction becomes one message in the spool. Every valid recipient is accepted and whole
 * messages are refused, since one message is sent whole. The 250 is said when the message is on disk and not before.
 */
import { mailboxText, type Mailbox } from '../../smtp/address.ts';
import { DotUnstuffer, type DataFault } from '../../smtp/data.ts';
import { soleAddress } from '../../smtp/header-address.ts';
import { HeaderReader, type HeaderFindings } from '../../smtp/header.ts';
import { fromClause, receivedHeader } from '../../smtp/received.ts';
import { isPositive, isTransient, replyText, type Reply } from '../../smtp/reply.ts';
import { limits as standardLimits, type Limits, type ReplyBook, type RuledReply } from '../../smtp/rules.ts';
import { headerProblem, isAllowed, type SenderList } from '../../smtp/senders.ts';
import type {
  AbortReason,
  MailCommand,
  MailHandler,
  Offers,
  Session,
  Transaction,
} from '../../smtp/server.ts';
import { SpoolError } from '../spool/errors.ts';
import type { Incoming, Spool } from '../spool/spool.ts';
import type { Refusal, Transport } from '../transport.ts';
import { Arrival, maxHeaderBytes } from './arrival.ts';

/** What is known of a transaction when it is over: one log line, and the metrics. */
export interface IntakeRecord {
  readonly session: Session;
  /** Queue id; of a message that came again, that of the first. Undefined if nothing was kept. */
  readonly id: string | undefined;
  /** Transaction id of mx-validator. */
  readonly tx: string | undefined;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly outcome: 'accepted' | 'resubmitted' | 'refused' | 'deferred' | 'aborted';
  /** The last reply, or why it was aborted. */
  readonly reply: string;
  /** Name of the rule that refused it, or `transport`; undefined if none did. */
  readonly refusedBy: string | undefined;
  /** Octets as received. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface IntakeOptions {
  readonly spool: Spool;
  readonly transport: Pick<Transport, 'mailboxOf' | 'refuse' | 'maxSize'>;
  readonly replies: ReplyBook;
  readonly limits?: Limits;
  readonly hostname: string;
  /** Largest message in octets; the transport may take less. */
  readonly maxSize: number;
  /** Undefined: anybody may send. */
  readonly senders: SenderList | undefined;
  readonly onEnd: (record: IntakeRecord) => void;
}

/** Answers MAIL. */
export class Intake implements MailHandler {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  offers(): Offers {
    const { maxSize, transport } = this.#options;
    return { eightBitMime: true, smtpUtf8: true, size: Math.min(maxSize, transport.maxSize ?? Infinity) };
  }

  async mail(session: Session, mail: MailCommand): Promise<{ reply: Reply; transaction?: Transaction }> {
    const transaction = new IntakeTransaction(this.#options, this.offers().size, session, mail);
    const reply = await transaction.open();
    return isPositive(reply) ? { reply, transaction } : { reply };
  }
}

class IntakeTransaction implements Transaction {
  readonly #options: IntakeOptions;
  readonly #maxSize: number;
  readonly #session: Session;
  readonly #mail: MailCommand;
  readonly #sender: string;
  readonly #start = performance.now();
  readonly #recipients = new Set<string>();
  readonly #header = new HeaderReader();
  readonly #unstuffer = new DotUnstuffer();
  readonly #arrival = new Arrival();
  #incoming: Incoming | undefined;
  #id: string | undefined;
  #bytes = 0;
  #resubmitted = false;
  #refusedBy: string | undefined;

  constructor(options: IntakeOptions, maxSize: number, session: Session, mail: MailCommand) {
    this.#options = options;
    this.#maxSize = maxSize;
    this.#session = session;
    this.#mail = mail;
    this.#sender = mail.sender === undefined ? '' : mailboxText(mail.sender);
  }

  /** MAIL: who may send, and is there room. The null sender may, since the header's From is asked at the end. */
  async open(): Promise<Reply> {
    const { replies, senders, spool } = this.#options;
    let reply: RuledReply;
    if (this.#sender !== '' && senders !== undefined && !isAllowed(senders, this.#sender)) {
      reply = replies.get('senderRefused', { sender: `<${this.#sender}>` });
    } else {
      try {
        this.#incoming = await spool.receive(this.#mail.size);
        return replies.get('senderOk');
      } catch (error) {
        reply = this.#trouble(error);
      }
    }
    this.#over(reply);
    return reply;
  }

  async recipient(mailbox: Mailbox): Promise<Reply> {
    const { replies } = this.#options;
    if (mailbox.literal) return replies.get('addressLiteral');
    if (mailbox.domain === '') return replies.get('noPostmaster');
    if (mailbox.utf8 && !this.#mail.smtpUtf8) return replies.get('needsUtf8');
    this.#recipients.add(mailboxText(mailbox));
    return replies.get('recipientOk');
  }

  async data(): Promise<Reply> {
    const { protocol, helo, remoteAddress } = this.#session;
    const received = receivedHeader({
      from: fromClause(helo, remoteAddress),
      by: this.#options.hostname,
      protocol: this.#mail.smtpUtf8 ? protocol.replace('ESMTP', 'UTF8SMTP') : protocol,
      id: this.#incoming?.id ?? '',
      // Nobody but the envelope needs to know: the next hop is told the recipients.
      recipient: undefined,
      time: Date.now(),
    });
    this.#incoming?.write(Buffer.from(received));
    return this.#options.replies.get('startData');
  }

  write(piece: Buffer, dotted: boolean): void {
    if (!this.#header.done) this.#header.push(piece);
    for (const plain of this.#unstuffer.push(piece, dotted)) {
      this.#arrival.push(plain);
      this.#incoming?.write(plain);
    }
  }

  /** Pieces are gathered in memory as they are. */
  cork(): void {}
  uncork(): void {}

  drained(): Promise<void> | undefined {
    return this.#incoming?.drained();
  }

  /** They wait in memory for the disk. */
  keepsPieces(): boolean {
    return true;
  }

  async end(fault: DataFault | undefined, reader: { size: number }): Promise<Reply> {
    this.#bytes = reader.size;
    const findings = this.#header.end();
    const reply = this.#faultReply(fault) ?? this.#headerReply(findings) ?? (await this.#store(findings));
    this.#over(reply);
    return reply;
  }

  abort(reason: AbortReason): void {
    this.#finished('aborted', reason);
  }

  async #store(findings: HeaderFindings): Promise<Reply> {
    const { replies, transport } = this.#options;
    const incoming = this.#incoming;
    const header = this.#arrival.header();
    if (incoming === undefined) return replies.get('internalError');
    if (header === undefined) {
      return replies.get('badHeader', { problem: `larger than ${maxHeaderBytes} octets` });
    }
    const sender = this.#sender;
    const recipients = [...this.#recipients];
    const { smtpUtf8 } = this.#mail;
    const { size } = incoming;
    const read = (): Promise<Buffer> => incoming.read();
    const refusal = await transport.refuse({ sender, recipients, smtpUtf8, header, size, read });
    if (refusal !== undefined) return this.#refused(refusal);

    const headerFrom = soleAddress(findings.from[0] ?? '') ?? '';
    const mailbox = transport.mailboxOf({ sender, headerFrom });
    const [tx, key] = [this.#arrival.tx(), this.#arrival.key(sender, recipients)];
    // From here on the spool answers for it: it may not be discarded as well.
    this.#incoming = undefined;
    try {
      const { id, resubmitted } = await incoming.commit({
        sender,
        headerFrom,
        mailbox,
        recipients,
        smtpUtf8,
        ...(tx === undefined ? {} : { tx }),
        ...(key === undefined ? {} : { key }),
      });
      this.#id = id;
      this.#resubmitted = resubmitted;
      return replies.get('accepted', { id });
    } catch (error) {
      return this.#trouble(error);
    }
  }

  #faultReply(fault: DataFault | undefined): RuledReply | undefined {
    const { replies } = this.#options;
    if (fault === undefined) return undefined;
    if (fault === 'too-big') return replies.get('tooBig', { limit: this.#maxSize });
    return replies.get(fault === 'bare-newline' ? 'bareNewline' : 'lineTooLong');
  }

  #headerReply(findings: HeaderFindings): RuledReply | undefined {
    const { limits = standardLimits, replies, senders } = this.#options;
    if (findings.received > limits.received.value) return replies.get('loop');
    // `.` right after 354 is a message of no octets at all (RFC 5321 4.1.1.4), not one with a bad header.
    if (findings.problem !== undefined && !findings.empty) {
      return replies.get('badHeader', { problem: findings.problem });
    }
    const problem = senders === undefined ? undefined : headerProblem(senders, findings);
    return problem === undefined ? undefined : replies.get('fromRefused', { problem });
  }

  /** The transport cannot send this message at all. */
  #refused({ code, status, text }: Refusal): Reply {
    this.#refusedBy = 'transport';
    return { code, enhanced: status.slice(status.indexOf('.') + 1), lines: [text] };
  }

  /** Nothing is kept, and the client keeps its message. Throws what is not the disk's fault. */
  #trouble(error: unknown): RuledReply {
    if (!(error instanceof SpoolError)) throw error;
    return this.#options.replies.get(error.kind === 'full' ? 'busy' : 'upstreamUnavailable');
  }

  #over(reply: Reply): void {
    if (isPositive(reply)) {
      this.#finished(this.#resubmitted ? 'resubmitted' : 'accepted', replyText(reply));
      return;
    }
    if ('rule' in reply) this.#refusedBy = String(reply.rule);
    this.#finished(isTransient(reply) ? 'deferred' : 'refused', replyText(reply));
  }

  #finished(outcome: IntakeRecord['outcome'], reply: string): void {
    this.#incoming?.discard();
    this.#incoming = undefined;
    this.#options.onEnd({
      session: this.#session,
      id: this.#id,
      tx: this.#arrival.tx(),
      sender: this.#sender,
      recipients: [...this.#recipients],
      outcome,
      reply,
      refusedBy: this.#refusedBy,
      bytes: this.#bytes,
      seconds: (performance.now() - this.#start) / 1000,
    });
  }
}
