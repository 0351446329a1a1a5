/**
 * The standard as data: every reply that our programs give of their own, and every limit that they hold, with
 * the clause that asks for it. `docs/rfc.md` is generated from these tables, and a test alters each row in turn
 * and expects a dialogue to fail.
 */
import { printable, wireLine, type Reply } from './reply.ts';

export interface ReplyRule {
  /** Reply code (RFC 5321 4.2). */
  readonly code: number;
  /** Last two parts of the enhanced status code (RFC 3463); '' where none may stand (RFC 2034 3). */
  readonly enhanced: string;
  /** Text; `{name}` is filled in. */
  readonly text: string;
  /** When it is said. */
  readonly when: string;
  /** The clause it rests on. */
  readonly basis: string;
}

const rule = (code: number, enhanced: string, text: string, when: string, basis: string): ReplyRule => ({
  code,
  enhanced,
  text,
  when,
  basis,
});

/** Replies, in the order of a session. */
export const replies = {
  greeting: rule(220, '', '{host} ESMTP', 'a connection is accepted', 'RFC 5321 3.1, 4.3.1'),
  tooManyConnections: rule(
    421,
    '3.2',
    '{host} too many connections, try again later',
    'connections are over the limit, in total or from one address',
    'RFC 5321 3.1, 4.3.2',
  ),
  shuttingDown: rule(
    421,
    '3.2',
    '{host} shutting down',
    'SIGTERM, outside a transaction',
    'RFC 5321 3.8, 4.2.1',
  ),
  idle: rule(
    421,
    '4.2',
    '{host} timeout, closing connection',
    'nothing was sent for the idle time',
    'RFC 5321 4.5.3.2.7',
  ),
  transactionTimeout: rule(
    421,
    '4.2',
    '{host} transaction took too long',
    'a transaction is older than the limit',
    'RFC 5321 3.8',
  ),
  httpRequest: rule(
    421,
    '7.0',
    '{host} this is not an HTTP server',
    'an HTTP request on the SMTP port',
    'RFC 5321 3.8',
  ),
  tooManyErrors: rule(
    421,
    '7.0',
    '{host} too many errors',
    'protocol errors are over the limit',
    'RFC 5321 3.8',
  ),
  tooManyRefused: rule(
    421,
    '7.0',
    '{host} too many refused recipients',
    'refused recipients of one connection are over the limit',
    'RFC 5321 3.8, 7.3',
  ),
  bye: rule(221, '0.0', '{host} closing connection', 'QUIT', 'RFC 5321 4.1.1.10'),
  ok: rule(250, '0.0', 'Ok', 'NOOP, RSET', 'RFC 5321 4.1.1.5, 4.1.1.9'),
  help: rule(214, '0.0', 'See RFC 5321', 'HELP', 'RFC 5321 4.1.1.8'),
  cannotVerify: rule(
    252,
    '5.0',
    'Cannot verify, but will take mail for valid recipients',
    'VRFY',
    'RFC 5321 3.5.3, 7.3',
  ),
  notImplemented: rule(502, '5.1', 'Command not implemented', 'EXPN', 'RFC 5321 3.5.2, 4.2.4'),
  unknownCommand: rule(
    500,
    '5.2',
    'Command not recognized',
    'an unknown command, BDAT too',
    'RFC 5321 4.2.4',
  ),
  badCharacter: rule(
    500,
    '5.2',
    'Command holds a control character',
    'a bare CR, a NUL or another control character in a command',
    'RFC 5321 2.3.8, 4.1.2',
  ),
  commandTooLong: rule(500, '5.2', 'Line too long', 'a command line over the limit', 'RFC 5321 4.5.3.1.4'),
  bareNewlineInCommand: rule(
    500,
    '5.2',
    'Line ended by a bare LF',
    'a command line ended by LF alone, with BARE_NEWLINE=reject',
    'RFC 5321 2.3.8',
  ),
  helloFirst: rule(503, '5.1', 'Send HELO or EHLO first', 'MAIL, RCPT or DATA before EHLO', 'RFC 5321 4.1.4'),
  nestedMail: rule(503, '5.1', 'Sender already given', 'MAIL within a transaction', 'RFC 5321 4.1.4'),
  needMail: rule(503, '5.1', 'Send MAIL first', 'RCPT or DATA without MAIL', 'RFC 5321 4.1.4'),
  needRecipient: rule(
    503,
    '5.1',
    'No valid recipients',
    'DATA without an accepted RCPT',
    'RFC 5321 3.3, 4.1.4',
  ),
  startTlsActive: rule(503, '5.1', 'TLS is already active', 'STARTTLS within TLS', 'RFC 3207 4.2'),
  startTlsReady: rule(220, '0.0', 'Ready to start TLS', 'STARTTLS', 'RFC 3207 4'),
  noArgument: rule(501, '5.4', 'No argument allowed', 'an argument to DATA or STARTTLS', 'RFC 5321 4.1.1.4'),
  badHello: rule(
    501,
    '',
    'Syntax: EHLO hostname',
    'HELO or EHLO without one plain host name',
    'RFC 5321 4.1.1.1',
  ),
  syntax: rule(
    501,
    '5.4',
    'Syntax: MAIL FROM:<address> or RCPT TO:<address>',
    'MAIL or RCPT that is not of this form',
    'RFC 5321 4.1.1.2, 4.1.1.3',
  ),
  badSender: rule(
    501,
    '1.7',
    'Bad sender address syntax',
    'a reverse-path outside the grammar',
    'RFC 5321 4.1.2',
  ),
  badRecipient: rule(
    501,
    '1.3',
    'Bad recipient address syntax',
    'a forward-path outside the grammar',
    'RFC 5321 4.1.2',
  ),
  badParameter: rule(
    501,
    '5.4',
    'Bad parameter {parameter}',
    'a parameter that is malformed, twice or without its value',
    'RFC 5321 4.1.1.11, RFC 1870 4, RFC 6152 2',
  ),
  unknownParameter: rule(
    555,
    '5.4',
    'Parameter {parameter} not recognized',
    'a parameter of an extension that was not offered',
    'RFC 5321 4.1.1.11',
  ),
  senderRefused: rule(
    550,
    '7.1',
    'Sender {sender} is not allowed here',
    'the envelope sender is not in ALLOWED_SENDERS',
    'RFC 5321 7.9',
  ),
  needsUtf8: rule(
    553,
    '6.7',
    'Address needs SMTPUTF8',
    'a local part that is not ASCII, without SMTPUTF8 all the way',
    'RFC 6531 3.5',
  ),
  senderOk: rule(250, '1.0', 'Ok', 'MAIL accepted by the upstream', 'RFC 5321 3.3'),
  recipientOk: rule(250, '1.5', 'Ok', 'RCPT accepted by the upstream', 'RFC 5321 3.3'),
  addressLiteral: rule(
    550,
    '1.2',
    'Mail to address literals is not accepted',
    'RCPT TO:<user@[192.0.2.1]>',
    'RFC 5321 4.1.3',
  ),
  noPostmaster: rule(
    550,
    '1.1',
    'No mailbox for Postmaster here',
    'RCPT TO:<Postmaster> while POSTMASTER is not set',
    'RFC 5321 4.1.1.3, 4.5.1',
  ),
  noSuchDomain: rule(
    550,
    '1.2',
    '{domain} cannot receive mail: no such domain, or no MX, A or AAAA record',
    'the domain does not exist or has no mail host',
    'RFC 5321 5.1',
  ),
  nullMx: rule(
    556,
    '1.10',
    '{domain} does not accept mail (null MX)',
    'the domain has a null MX',
    'RFC 7505 3, 7504 4',
  ),
  refusedDomain: rule(
    550,
    '1.2',
    '{domain}: did you mean {suggestion}?',
    'the domain is in REFUSED_DOMAINS',
    'RFC 5321 7.9',
  ),
  senderNullMx: rule(
    550,
    '7.27',
    '{domain} has a null MX, so nothing can be sent back to the sender',
    'CHECK_SENDER_DOMAIN=on, and the sender domain has a null MX',
    'RFC 7505 4.2, 7372 3.3',
  ),
  dnsTrouble: rule(
    451,
    '4.3',
    '{domain} could not be looked up, try again later',
    'DNS gave no answer, so nothing is known',
    'RFC 5321 5.1',
  ),
  tooManyRecipients: rule(
    452,
    '5.3',
    'Too many recipients',
    'recipients over the limit',
    'RFC 5321 4.5.3.1.10',
  ),
  declaredTooBig: rule(
    552,
    '3.4',
    'Message is larger than {limit} bytes',
    'SIZE in MAIL over the limit',
    'RFC 1870 6.1',
  ),
  tooBig: rule(
    552,
    '3.4',
    'Message is larger than {limit} bytes',
    'the message itself over the limit',
    'RFC 1870 6.3',
  ),
  busy: rule(
    452,
    '3.1',
    'Too much mail in flight, try again later',
    'no room towards the upstream came free in time',
    'RFC 5321 4.2.3',
  ),
  upstreamUnavailable: rule(
    451,
    '3.0',
    'Next hop is not available, try again later',
    'the upstream cannot be reached, is silent, left, or made no sense',
    'RFC 5321 4.2.1, 4.2.5',
  ),
  upstreamLost: rule(
    451,
    '3.0',
    'Next hop was lost before it confirmed the message, try again later',
    'the upstream left after the message, before its answer',
    'RFC 5321 4.2.5, 6.1, RFC 1047',
  ),
  internalError: rule(
    451,
    '3.0',
    'Internal error, try again later',
    'a fault of our own',
    'RFC 5321 4.2.2, 4.2.3',
  ),
  startData: rule(
    354,
    '',
    'End data with <CR><LF>.<CR><LF>',
    'DATA, once the upstream said 354',
    'RFC 5321 4.1.1.4',
  ),
  bareNewline: rule(
    554,
    '6.0',
    'Message holds a bare CR, or a line with a leading dot beside a bare LF',
    'line ends that two servers could read in two ways',
    'RFC 5321 2.3.8, 4.1.1.4',
  ),
  lineTooLong: rule(
    554,
    '6.0',
    'Message has a line that is too long',
    'a text line over the limit',
    'RFC 5321 4.5.3.1.6',
  ),
  badHeader: rule(
    554,
    '6.0',
    'Message header: {problem}',
    'a header block that cannot be parsed',
    'RFC 5322 2.2, 3.6',
  ),
  fromRefused: rule(
    550,
    '7.1',
    'Message header: {problem}',
    'From or Sender in the header is not in ALLOWED_SENDERS',
    'RFC 5322 3.6.2',
  ),
  loop: rule(
    554,
    '4.6',
    'Too many hops, this message is looping',
    'too many Received headers',
    'RFC 5321 6.3',
  ),
  accepted: rule(
    250,
    '0.0',
    '{text} (tx={tx})',
    'the upstream said 250 to the message',
    'RFC 5321 4.2.5, 6.1',
  ),
} as const satisfies Record<string, ReplyRule>;

export type ReplyName = keyof typeof replies;
export type Replies = Readonly<Record<ReplyName, ReplyRule>>;

export interface LimitRule {
  readonly value: number;
  readonly unit: 'octets' | 'lines' | 'commands' | 'recipients' | 'connections' | 'seconds' | 'headers';
  readonly what: string;
  readonly basis: string;
}

const limit = (value: number, unit: LimitRule['unit'], what: string, basis: string): LimitRule => ({
  value,
  unit,
  what,
  basis,
});

/** Limits that no setting changes. */
export const limits = {
  localPart: limit(64, 'octets', 'local part', 'RFC 5321 4.5.3.1.1'),
  path: limit(
    256,
    'octets',
    'path with its angle brackets, which keeps a domain under 255 too',
    'RFC 5321 4.5.3.1.2, 4.5.3.1.3',
  ),
  commandLine: limit(
    2048,
    'octets',
    'command line; 512 is the least that must be taken',
    'RFC 5321 4.5.3.1.4',
  ),
  textLine: limit(
    1_048_576,
    'octets',
    'line of a message; 1000 is the least that must be taken, longer ones pass whole',
    'RFC 5321 4.5.3.1.6',
  ),
  recipients: limit(100, 'recipients', 'recipients of one message', 'RFC 5321 4.5.3.1.8'),
  protocolErrors: limit(10, 'commands', 'protocol errors of one connection', 'RFC 5321 3.8'),
  refusedRecipients: limit(200, 'recipients', 'refused recipients of one connection', 'RFC 5321 7.3'),
  received: limit(100, 'headers', 'Received headers before a message counts as looping', 'RFC 5321 6.3'),
  idle: limit(300, 'seconds', 'silence of a client', 'RFC 5321 4.5.3.2.7'),
  transaction: limit(900, 'seconds', 'one transaction, from MAIL to the last dot', 'RFC 5321 4.5.3.2'),
} as const satisfies Record<string, LimitRule>;

export type LimitName = keyof typeof limits;
export type Limits = Readonly<Record<LimitName, LimitRule>>;

/** A reply made from a rule, with its placeholders filled in. `rule` is its name, for metrics and logs. */
export interface RuledReply extends Reply {
  readonly rule: ReplyName;
  /** As it goes over the wire. */
  readonly wire: string;
}

/** Makes replies from a rule table for one host; those without further placeholders are made once. */
export class ReplyBook {
  readonly #rules: Replies;
  readonly #host: string;
  readonly #fixed = new Map<ReplyName, RuledReply>();
  /** Texts split at their placeholders: every second part is a name. */
  readonly #parts = new Map<ReplyName, readonly string[]>();

  constructor(host: string, rules: Replies = replies) {
    this.#host = host;
    this.#rules = rules;
  }

  /** The reply of a rule, e.g. `get('noSuchDomain', { domain: 'gmial.example' })`. */
  get(name: ReplyName, values?: Readonly<Record<string, string | number>>): RuledReply {
    if (values !== undefined) return this.#make(name, values);
    const known = this.#fixed.get(name);
    if (known !== undefined) return known;
    const made = this.#make(name, {});
    this.#fixed.set(name, made);
    return made;
  }

  #make(name: ReplyName, values: Readonly<Record<string, string | number>>): RuledReply {
    const { code, enhanced, text } = this.#rules[name];
    const parts = this.#parts.get(name) ?? text.split(/[{}]/);
    this.#parts.set(name, parts);
    let filled = parts[0] ?? '';
    for (let i = 1; i < parts.length; i += 2) {
      const key = parts[i] ?? '';
      filled += key === 'host' ? this.#host : printable(String(values[key] ?? ''));
      filled += parts[i + 1] ?? '';
    }
    const lines = [filled];
    return { code, enhanced, lines, rule: name, wire: wireLine({ code, enhanced }, filled) };
  }
}
