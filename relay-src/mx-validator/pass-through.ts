/**
 * The proxy's transaction: each MAIL, RCPT and DATA of the client becomes one of the upstream's, within our own
 * limits and rules, and no reply of ours claims more than the upstream said. No queue: our final 250 is the
 * upstream's final 250 (RFC 5321 4.2.5).
 */
import { ClientError, octetsOf, type Client } from '../smtp/client.ts';
import { mailboxText, type Mailbox } from '../smtp/address.ts';
import { DotStuffer, DotUnstuffer, type DataFault } from '../smtp/data.ts';
import { HeaderReader } from '../smtp/header.ts';
import { PoolBusyError, type Lease, type Pool } from '../smtp/pool.ts';
import { fromClause, receivedHeader } from '../smtp/received.ts';
import { isPositive, isTransient, replyText, type Reply } from '../smtp/reply.ts';
import { limits as standardLimits, type Limits, type ReplyBook, type RuledReply } from '../smtp/rules.ts';
import type {
  AbortReason,
  MailCommand,
  MailHandler,
  Offers,
  Opening,
  Session,
  Transaction,
} from '../smtp/server.ts';
import type { ByteBudget, Hold } from './budget.ts';
import { CalendarCutter } from './calendar/cutter.ts';
import type { StripList } from './calendar/mixed-recipients.ts';
import type { CalendarReport } from './calendar/report.ts';
import type { transactionOutcomes } from './contract.ts';
import type { DomainChecker, Verdict } from './dns/verdict.ts';
import { headerProblem, isAllowed, type SenderList } from '../smtp/senders.ts';
import { turnTime } from '../smtp/turn-time.ts';

export type Outcome = (typeof transactionOutcomes)[number];

/** What is known of a transaction when it is over: one log line, and the metrics. */
export interface TransactionRecord {
  readonly tx: string;
  readonly session: Session;
  readonly sender: string;
  readonly recipients: readonly { readonly to: string; readonly reply: string }[];
  readonly outcome: Outcome;
  /** The last reply, e.g. `250 2.0.0 …`; or why it was aborted. */
  readonly reply: string;
  /** Octets of the message as received. */
  readonly bytes: number;
  readonly seconds: number;
  readonly refusedRecipients: number;
  readonly repaired: number;
  /** What became of calendar parts; undefined where they were not looked for. */
  readonly calendar: CalendarReport | undefined;
  /** Some recipients are on the strip list and some are not. */
  readonly mixed: boolean;
}

export interface PassThroughOptions {
  readonly pool: Pool;
  readonly domains: DomainChecker;
  readonly budget: ByteBudget;
  readonly replies: ReplyBook;
  readonly limits?: Limits;
  readonly hostname: string;
  readonly maxMessageBytes: number;
  /** Undefined: anybody may send. */
  readonly senders: SenderList | undefined;
  /** Whether a sender whose domain has a null MX is refused. */
  readonly checkSenderDomain: boolean;
  /** Refused domains, each with the one that was probably meant. */
  readonly refusedDomains: ReadonlyMap<string, string>;
  /** Address for a bare `Postmaster`; undefined: refused. */
  readonly postmaster: string | undefined;
  readonly strip: StripList;
  readonly onEnd: (record: TransactionRecord) => void;
}

const domainRules = { 'no-such-domain': 'noSuchDomain', 'null-mx': 'nullMx', trouble: 'dnsTrouble' } as const;
/** A message that does not declare its size is taken to be this large until more came. */
const undeclaredSize = 65_536;

/** Answers MAIL for one listener. */
export class PassThrough implements MailHandler {
  readonly #options: PassThroughOptions;

  constructor(options: PassThroughOptions) {
    this.#options = options;
  }

  /** What the upstream offered last; nothing optional until it was reached once. */
  offers(): Offers {
    const { pool, maxMessageBytes } = this.#options;
    const { extensions } = pool;
    return {
      eightBitMime: extensions?.eightBitMime ?? false,
      smtpUtf8: extensions?.smtpUtf8 ?? false,
      size: Math.min(maxMessageBytes, extensions?.size ?? Infinity),
    };
  }

  mail(session: Session, mail: MailCommand): Opening | Promise<Opening> {
    return new ProxyTransaction(this.#options, session, mail).open();
  }
}

/** Made once a session: looking at names and addresses costs more than the rest of the header. */
const clauses = new WeakMap<Session, string>();

function clauseOf(session: Session): string {
  const known = clauses.get(session);
  if (known !== undefined) return known;
  const clause = fromClause(session.helo, session.remoteAddress);
  clauses.set(session, clause);
  return clause;
}

interface Sender {
  /** In logs and to lists of senders. */
  readonly text: string;
  /** MAIL without parameters. */
  readonly command: string;
}

/** An application's MAIL is read once, so that its sender is the same object for each message. */
const knownSenders = new WeakMap<Mailbox, Sender>();
const nullSender: Sender = { text: '', command: 'MAIL FROM:<>' };

function senderOf(mailbox: Mailbox | undefined): Sender {
  if (mailbox === undefined) return nullSender;
  const known = knownSenders.get(mailbox);
  if (known !== undefined) return known;
  const text = mailboxText(mailbox);
  const sender = { text, command: `MAIL FROM:<${text}>` };
  knownSenders.set(mailbox, sender);
  return sender;
}

let counter = 0;
const idPrefix = Math.floor(Math.random() * 36 ** 6).toString(36);

/** Short, unique in this process, and unlikely to repeat in another. */
function transactionId(): string {
  counter += 1;
  return `${idPrefix}${counter.toString(36).padStart(5, '0')}`;
}

class ProxyTransaction implements Transaction {
  readonly #options: PassThroughOptions;
  readonly #session: Session;
  readonly #mail: MailCommand;
  readonly #tx = transactionId();
  readonly #sender: string;
  readonly #start = turnTime();
  readonly #recipients: { to: string; reply: string }[] = [];
  readonly #accepted: string[] = [];
  readonly #header = new HeaderReader();
  /** The upstream's connection; undefined once it is given back or lost. */
  #client: Client | undefined;
  /** It served others before, so it may have gone stale. */
  #kept = false;
  /** What the upstream said of the sender; undefined until a recipient was good enough to ask. */
  #senderVerdict: Reply | undefined;
  #ended = false;
  #refusedRecipients = 0;
  #hold: Hold | undefined;
  #bytes = 0;
  #repaired = 0;
  #received = '';
  #mixed = false;
  #cut: { cutter: CalendarCutter; unstuffer: DotUnstuffer; stuffer: DotStuffer } | undefined;

  constructor(options: PassThroughOptions, session: Session, mail: MailCommand) {
    this.#options = options;
    this.#session = session;
    this.#mail = mail;
    this.#sender = senderOf(mail.sender).text;
  }

  /**
   * MAIL: who may send, and is the upstream there. What it says of the sender is heard with the first recipient
   * (RFC 5321 3.3 allows it, Postfix does so too): a transaction whose recipients DNS refuses never bothers it.
   */
  open(): Opening | Promise<Opening> {
    const { checkSenderDomain, replies, senders } = this.#options;
    if (senders !== undefined && !isAllowed(senders, this.#sender)) {
      return this.#opened(replies.get('senderRefused', { sender: `<${this.#sender}>` }));
    }
    if (!checkSenderDomain) return this.#reachUpstream();
    return this.#senderDomainProblem().then((problem) =>
      problem === undefined ? this.#reachUpstream() : this.#opened(problem),
    );
  }

  #reachUpstream(): Opening | Promise<Opening> {
    const kept = this.#options.pool.takeKept();
    if (kept !== undefined) return this.#opened(this.#use(kept));
    return this.#connect(false).then((reply) => this.#opened(reply));
  }

  #opened(reply: Reply): Opening {
    if (isPositive(reply)) return { reply, transaction: this };
    this.#over(reply);
    return { reply };
  }

  /** Mail from a domain that takes none: no answer or bounce could ever reach the sender (RFC 7505 4.2). */
  async #senderDomainProblem(): Promise<Reply | undefined> {
    const { domains, replies } = this.#options;
    const { sender } = this.#mail;
    if (sender === undefined || sender.literal || sender.domain === '') return undefined;
    const { domain } = sender;
    const { kind } = await domains.check(domain);
    return kind === 'null-mx' ? replies.get('senderNullMx', { domain }) : undefined;
  }

  /** Waits for a connection for this transaction. */
  async #connect(anew: boolean): Promise<RuledReply> {
    const { pool, replies } = this.#options;
    try {
      return this.#use(await pool.acquire(anew));
    } catch (error) {
      if (error instanceof PoolBusyError) return replies.get('busy');
      if (error instanceof ClientError) return replies.get('upstreamUnavailable');
      throw error;
    }
  }

  #use({ client, kept }: Lease): RuledReply {
    const { pool, replies } = this.#options;
    if (this.#ended) {
      pool.release(client);
      return replies.get('upstreamUnavailable');
    }
    this.#client = client;
    this.#kept = kept;
    // The EHLO of this session offered it, and the upstream has changed since: for the next session it is not offered.
    const { extensions } = client;
    const isHeld =
      (this.#mail.body !== '8BITMIME' || extensions.eightBitMime) &&
      (!this.#mail.smtpUtf8 || extensions.smtpUtf8);
    return replies.get(isHeld ? 'senderOk' : 'upstreamUnavailable');
  }

  #mailCommand({ extensions }: Client): string {
    const { size, body, smtpUtf8 } = this.#mail;
    let { command } = senderOf(this.#mail.sender);
    if (size !== undefined && extensions.size !== undefined) command += ` SIZE=${size}`;
    if (body !== undefined && extensions.eightBitMime) command += ` BODY=${body}`;
    if (smtpUtf8 && extensions.smtpUtf8) command += ' SMTPUTF8';
    return command;
  }

  recipient(mailbox: Mailbox): Reply | Promise<Reply> {
    const { domains, postmaster = '' } = this.#options;
    const { domain } = mailbox;
    const to = mailboxText(mailbox);
    const problem = this.#addressProblem(mailbox);
    if (problem !== undefined) return this.#named(to, problem);
    if (domain === '') return this.#askUpstream(to, postmaster);
    const verdict = domains.check(domain);
    return verdict instanceof Promise
      ? verdict.then((found) => this.#judged(to, domain, found))
      : this.#judged(to, domain, verdict);
  }

  #judged(to: string, domain: string, verdict: Verdict): Reply | Promise<Reply> {
    const problem = this.#domainProblem(domain, verdict);
    return problem === undefined ? this.#askUpstream(to, to) : this.#named(to, problem);
  }

  async #askUpstream(to: string, address: string): Promise<Reply> {
    return this.#named(to, this.#recipientReply(await this.#rcpt(address)));
  }

  #named(to: string, reply: Reply): Reply {
    this.#recipients.push({ to, reply: replyText(reply) });
    if (isPositive(reply)) this.#accepted.push(to);
    else if (!isTransient(reply)) this.#refusedRecipients += 1;
    return reply;
  }

  /** Why a recipient is refused whatever DNS says. */
  #addressProblem(mailbox: Mailbox): Reply | undefined {
    const { postmaster, refusedDomains, replies } = this.#options;
    const { domain } = mailbox;
    if (mailbox.literal) return replies.get('addressLiteral');
    if (mailbox.utf8 && !this.#mail.smtpUtf8) return replies.get('needsUtf8');
    if (domain === '') return postmaster === undefined ? replies.get('noPostmaster') : undefined;
    const suggestion = refusedDomains.get(domain);
    return suggestion === undefined ? undefined : replies.get('refusedDomain', { domain, suggestion });
  }

  #domainProblem(domain: string, { kind }: Verdict): Reply | undefined {
    if (kind === 'deliverable') return undefined;
    return this.#options.replies.get(domainRules[kind], { domain });
  }

  /** What the upstream says of a recipient; undefined if it cannot be asked. */
  #rcpt(address: string): Promise<Reply | undefined> {
    const command = `RCPT TO:<${address}>`;
    if (this.#senderVerdict === undefined) return this.#begin(command);
    if (!isPositive(this.#senderVerdict)) return Promise.resolve(this.#senderVerdict);
    return this.#furtherRecipient(command);
  }

  #recipientReply(reply: Reply | undefined): Reply {
    const { replies } = this.#options;
    if (reply === undefined) return replies.get('upstreamUnavailable');
    // 251 says that the upstream will forward: accepted all the same (RFC 5321 3.4).
    return this.#verdict(
      reply.code === 251 ? { ...reply, code: 250 } : reply,
      250,
      replies.get('recipientOk'),
    );
  }

  /** The first recipient opens the upstream's transaction. Undefined if it cannot be asked. */
  async #begin(rcpt: string): Promise<Reply | undefined> {
    const { replies } = this.#options;
    const client = this.#client;
    let answer;
    try {
      if (client !== undefined) answer = await client.begin(this.#mailCommand(client), rcpt);
    } catch (error) {
      this.#lostBy(error);
    }
    if (this.#kept && (answer === undefined || answer.mail.code === 421) && !this.#ended) {
      // A kept connection had gone stale. No message was begun on it, so once more on a new one.
      this.#drop();
      const reply = await this.#connect(true);
      if (isPositive(reply)) return this.#begin(rcpt);
      // It is not there, or no longer offers what the client was promised: for further recipients too.
      this.#giveBack();
      this.#senderVerdict = reply;
      return reply;
    }
    if (answer === undefined) return undefined;
    this.#senderVerdict = this.#verdict(answer.mail, 250, replies.get('senderOk'));
    return isPositive(this.#senderVerdict) ? answer.rcpt : this.#senderVerdict;
  }

  async #furtherRecipient(rcpt: string): Promise<Reply | undefined> {
    try {
      return await this.#client?.rcpt(rcpt);
    } catch (error) {
      return this.#lostBy(error);
    }
  }

  async data(): Promise<Reply> {
    const { budget, replies } = this.#options;
    const room = budget.acquire(Math.max(this.#mail.size ?? 0, undeclaredSize));
    const hold = room instanceof Promise ? await room : room;
    if (this.#ended) {
      hold?.release();
      return replies.get('upstreamUnavailable');
    }
    this.#hold = hold;
    let reply: Reply;
    if (hold === undefined) {
      reply = replies.get('busy');
    } else {
      let answer;
      try {
        answer = await this.#client?.data();
      } catch (error) {
        this.#lostBy(error);
      }
      reply =
        answer === undefined
          ? replies.get('upstreamUnavailable')
          : this.#verdict(answer, 354, replies.get('startData'));
    }
    if (reply.code === 354) this.#startMessage();
    else this.#over(reply);
    return reply;
  }

  #startMessage(): void {
    const { strip, mixed } = this.#options.strip.decide(this.#accepted);
    this.#mixed = mixed;
    if (strip) {
      this.#cut = { cutter: new CalendarCutter(), unstuffer: new DotUnstuffer(), stuffer: new DotStuffer() };
    }
    const { protocol } = this.#session;
    const [recipient = '', ...others] = this.#accepted;
    this.#received = receivedHeader({
      from: clauseOf(this.#session),
      by: this.#options.hostname,
      protocol: this.#mail.smtpUtf8 ? protocol.replace('ESMTP', 'UTF8SMTP') : protocol,
      id: this.#tx,
      recipient: others.length === 0 ? octetsOf(recipient) : undefined,
      time: Date.now(),
    });
  }

  /** Our Received header leaves with the first bytes of the message. */
  #sendReceived(): void {
    if (this.#received === '') return;
    this.#client?.write(this.#received);
    this.#received = '';
  }

  write(piece: Buffer, dotted: boolean): void {
    this.#sendReceived();
    this.#bytes += piece.length;
    this.#hold?.grow(this.#bytes);
    if (!this.#header.done) this.#header.push(piece);
    if (this.#cut === undefined) {
      this.#client?.write(piece);
      return;
    }
    const { cutter, stuffer, unstuffer } = this.#cut;
    for (const plain of unstuffer.push(piece, dotted)) {
      const left = cutter.write(plain);
      // The very buffer that came in, as most of a long message is: it needs no second look at each line.
      if (left.length === 1 && left[0] === piece) this.#forward(stuffer.pass(piece));
      else this.#stuff(left, stuffer);
    }
  }

  #stuff(pieces: readonly Buffer[], stuffer: DotStuffer): void {
    for (const piece of pieces) this.#forward(stuffer.push(piece));
  }

  #forward(pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.#client?.write(piece);
  }

  cork(): void {
    this.#client?.cork();
  }

  uncork(): void {
    this.#client?.uncork();
  }

  drained(): Promise<void> | undefined {
    return this.#client?.drained();
  }

  keepsPieces(): boolean {
    return this.#client?.holdsPieces ?? false;
  }

  async end(fault: DataFault | undefined, reader: { size: number; repaired: number }): Promise<Reply> {
    this.#bytes = reader.size;
    this.#repaired = reader.repaired;
    // A refusal ends it without the dot, so that nothing is delivered.
    let reply: Reply | undefined = this.#faultReply(fault) ?? this.#headerReply();
    if (reply === undefined) {
      this.#sendLast();
      let answer;
      try {
        answer = await this.#client?.end();
      } catch (error) {
        this.#lostBy(error);
      }
      reply = this.#finalReply(answer);
    }
    this.#over(reply);
    return reply;
  }

  /** What goes before the final dot. */
  #sendLast(): void {
    this.#sendReceived();
    if (this.#cut === undefined) return;
    this.#stuff(this.#cut.cutter.end(), this.#cut.stuffer);
    this.#forward(this.#cut.stuffer.end());
  }

  #finalReply(reply: Reply | undefined): Reply {
    const { replies } = this.#options;
    if (reply === undefined) return replies.get('upstreamLost');
    if (reply.code !== 250) return this.#verdict(reply, 250, replies.get('upstreamLost'), 'upstreamLost');
    return replies.get('accepted', { text: reply.lines[0] ?? 'Ok', tx: this.#tx });
  }

  #faultReply(fault: DataFault | undefined): RuledReply | undefined {
    const { maxMessageBytes, replies } = this.#options;
    if (fault === undefined) return undefined;
    if (fault === 'too-big') return replies.get('tooBig', { limit: maxMessageBytes });
    return replies.get(fault === 'bare-newline' ? 'bareNewline' : 'lineTooLong');
  }

  #headerReply(): RuledReply | undefined {
    const { limits = standardLimits, replies, senders } = this.#options;
    const findings = this.#header.end();
    if (findings.received > limits.received.value) return replies.get('loop');
    // `.` right after 354 is a message of no octets at all (RFC 5321 4.1.1.4), not one with a bad header.
    if (findings.problem !== undefined && !findings.empty) {
      return replies.get('badHeader', { problem: findings.problem });
    }
    const problem = senders === undefined ? undefined : headerProblem(senders, findings);
    return problem === undefined ? undefined : replies.get('fromRefused', { problem });
  }

  abort(reason: AbortReason): void {
    if (this.#ended) return;
    const refused = this.#refusedRecipients > 0 && this.#accepted.length === 0;
    this.#finished(refused ? 'refused' : 'aborted', reason);
  }

  /** The upstream is lost, and with it its answer; any other error is a fault of our own. */
  #lostBy(error: unknown): undefined {
    if (!(error instanceof ClientError)) throw error;
    this.#drop();
    return undefined;
  }

  /** The client's reply for the upstream's: `good` for the expected code, refusals as they are. */
  #verdict(
    reply: Reply,
    expected: number,
    good: RuledReply,
    otherwise: 'upstreamUnavailable' | 'upstreamLost' = 'upstreamUnavailable',
  ): Reply {
    if (reply.code === expected) return good;
    // 421 is about the upstream's connection, not about ours; and a success that was not asked for makes no sense.
    if (reply.code === 421 || reply.code < 400) return this.#lost(this.#options.replies.get(otherwise));
    return reply;
  }

  #lost(reply: RuledReply): RuledReply {
    this.#drop();
    return reply;
  }

  #over(reply: Reply): void {
    const outcome = isPositive(reply) ? 'accepted' : isTransient(reply) ? 'deferred' : 'refused';
    this.#finished(outcome, replyText(reply));
  }

  #finished(outcome: Outcome, reply: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#hold?.release();
    // Inside a message, or with a reply on its way, only closing leaves no doubt.
    if (this.#client !== undefined && (this.#client.asked || this.#client.inMessage)) this.#drop();
    else this.#giveBack();
    this.#options.onEnd({
      tx: this.#tx,
      session: this.#session,
      sender: this.#sender,
      recipients: this.#recipients,
      outcome,
      reply,
      bytes: this.#bytes,
      seconds: (turnTime() - this.#start) / 1000,
      refusedRecipients: this.#refusedRecipients,
      repaired: this.#repaired,
      calendar: this.#cut?.cutter.report,
      mixed: this.#mixed,
    });
  }

  #giveBack(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) this.#options.pool.release(client);
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) this.#options.pool.discard(client);
  }
}
