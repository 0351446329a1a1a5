/**
 * The listener: smtp-server with its command order, pipelining, TLS and orderly close, and with our own parts at
 * its seams. This is the one file that knows smtp-server's inside; `server.test.ts` holds one test an override,
 * so that a new version which moves what we rely on fails there first.
 */
import { BlockList, isIPv6, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js';
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { SMTPServer } from 'smtp-server';
import { parsePath, type Mailbox, type PathParameters } from './address.ts';
import { ConnectionSet } from './connection-set.ts';
import { Deadline } from './deadline.ts';
import { DataReader, type BareNewline, type DataFault } from './data.ts';
import { Familiar } from './familiar.ts';
import { giveBack } from './give-back.ts';
import { Outgoing, shortPiece } from './outgoing.ts';
import { parseProxyHeader } from './proxy-protocol.ts';
import { readIntoSharedBuffer } from './read-buffer.ts';
import { isPositive, renderReply, type Reply } from './reply.ts';
import {
  limits as standardLimits,
  type ReplyBook,
  type Limits,
  type ReplyName,
  type RuledReply,
} from './rules.ts';

/** Who is talking to us. */
export interface Session {
  readonly id: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  /** Argument of HELO or EHLO. */
  readonly helo: string;
  /** Keyword for the `with` clause of Received (RFC 3848): SMTP, ESMTP or ESMTPS. */
  readonly protocol: string;
}

/** What the client said in MAIL. */
export interface MailCommand {
  /** Undefined is the null reverse-path. */
  readonly sender: Mailbox | undefined;
  /** Declared size in octets (RFC 1870). */
  readonly size: number | undefined;
  readonly body: '7BIT' | '8BITMIME' | undefined;
  readonly smtpUtf8: boolean;
}

/** Extensions offered now; asked for at each EHLO and MAIL, since they follow the next hop. */
export interface Offers {
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  /** Largest message in octets. */
  readonly size: number;
}

/** Why a transaction ended before its message was complete. */
export type AbortReason = 'reset' | 'quit' | 'gone' | 'timeout' | 'broken';

/** One mail transaction, from an accepted MAIL on. Every method answers; none throws. */
export interface Transaction {
  recipient(mailbox: Mailbox): Reply | Promise<Reply>;
  /** 354 lets the message come; anything else ends the transaction. */
  data(): Promise<Reply>;
  /**
   * A piece of the message: dot-stuffed, CRLF line ends, neither bare CR nor bare LF. `dotted` says that there is a
   * stuffing dot in it.
   */
  write(piece: Buffer, dotted: boolean): void;
  /** Brackets the pieces of one read, so that they leave in one write. */
  cork(): void;
  uncork(): void;
  /** Undefined if more may come now; otherwise the client is paused until it resolves. */
  drained(): Promise<void> | undefined;
  /**
   * Whether a piece may still be read after `write`; if not, its memory is given back at once. If not before `write`, the
   * memory of a piece of up to {@link shortPiece} octets is used again after it.
   */
  keepsPieces(): boolean;
  /** The message is complete: its verdict. With a `fault` the message must not be delivered. */
  end(fault: DataFault | undefined, reader: { size: number; repaired: number }): Promise<Reply>;
  /** Nothing was delivered and nothing may be. */
  abort(reason: AbortReason): void;
}

/** The answer to MAIL; a transaction comes with a positive reply only. */
export interface Opening {
  readonly reply: Reply;
  readonly transaction?: Transaction;
}

/** What a program does with mail. What it knows at once it should say at once: a promise costs as much as a command. */
export interface MailHandler {
  offers(): Offers;
  mail(session: Session, mail: MailCommand): Opening | Promise<Opening>;
}

export interface RelayServerOptions {
  readonly handler: MailHandler;
  /** Our name in greeting, EHLO and 421 replies. */
  readonly hostname: string;
  readonly replies: ReplyBook;
  readonly limits?: Limits;
  readonly bareNewline: BareNewline;
  /** Undefined: as the limits say. */
  readonly maxRecipients: number | undefined;
  readonly maxConnections: number;
  /** Undefined: no limit. One address may stand for a whole cluster. */
  readonly maxConnectionsPerAddress?: number | undefined;
  /** Addresses and networks of load balancers, which must say who is behind them (PROXY protocol). */
  readonly proxyFrom?: readonly string[];
  /** How long they may take to say it, in milliseconds. */
  readonly proxyTimeout?: number;
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer } | undefined;
  readonly onConnect?: () => void;
  readonly onDisconnect?: () => void;
  /** Every reply that refuses something by a rule of ours. */
  readonly onRefusal?: (reply: RuledReply) => void;
  /** What went wrong with a client's connection, or in our own code. */
  readonly onError?: (error: Error, where: 'client' | 'internal') => void;
}

/**
 * What smtp-server says by itself, as our rules: text in its source → name. A test looks each text up in the
 * installed version.
 */
export const libraryReplies: ReadonlyMap<string, ReplyName> = new Map([
  ['Timeout - closing connection', 'idle'],
  ['Server shutting down', 'shuttingDown'],
  ['HTTP requests not allowed', 'httpRequest'],
  ['Error: too many unrecognized commands', 'tooManyErrors'],
  ['Error: command not recognized', 'unknownCommand'],
  ['Error: send HELO/EHLO first', 'helloFirst'],
  ['Error: internal server error', 'internalError'],
  ['Error: syntax: EHLO hostname', 'badHello'],
  ['Error: Syntax: HELO hostname', 'badHello'],
  ['Error: Bad hostname syntax', 'badHello'],
  ['Error: Syntax: VRFY address', 'noArgument'],
  ['Error: syntax: STARTTLS', 'noArgument'],
  ['Error: TLS already active', 'startTlsActive'],
  ['Ready to start TLS', 'startTlsReady'],
  ['Bye', 'bye'],
  ['OK', 'ok'],
  ['Flushed', 'ok'],
  ['See https://tools.ietf.org/html/rfc5321 for details', 'help'],
  ['Try to send something. No promises though', 'cannotVerify'],
]);

/** Replies of our own that count as protocol errors. */
const protocolErrors = new Set([500, 501, 502, 503, 504, 555]);
/** Octets that wait for a reply before the socket is paused: a chunk of 64 KiB alone does not do it, a second one does. */
const parserHighWaterMark = 65_537;
const noDisabled = ['AUTH', 'XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL'];
const LF = 0x0a;
const CR = 0x0d;

/** Commands without control characters. */
const familiar = new Familiar<string>();

/** What the parser asks of its connection. */
interface LineSink {
  readonly limits: Limits;
  readonly bareNewline: BareNewline;
  command(line: string, done: () => void): void;
  badLine(rule: ReplyName): void;
  /** Something was said, so the client's idle time begins anew. */
  active(): void;
}

/** Where message bytes go. */
interface MessageSink {
  /** Returns the index behind the end of data, or -1. */
  read(chunk: Buffer): number;
  drained(): Promise<void> | undefined;
  keepsPieces(): boolean;
  finish(): Promise<void>;
}

/**
 * Cuts the stream into commands, and message bytes into a sink without decoding them. Replaces the parsing of
 * smtp-server's stream, which ends commands at a bare LF and takes dots out of the message byte by byte.
 */
class RelayParser extends SMTPStream {
  readonly #lines: LineSink;
  #message: MessageSink | undefined;
  #rest: Buffer | undefined;
  #overlong = false;
  /** What was taken without the stream is being dealt with; the stream goes on after it. */
  #busy = false;
  #next: (() => void) | undefined;

  constructor(lines: LineSink) {
    super({ highWaterMark: parserHighWaterMark });
    this.#lines = lines;
  }

  /** Whether what comes now is kept: until a command before it has its reply, or as a piece of a message. */
  get keeps(): boolean {
    return this.#busy || this.writableLength > 0 || (this.#message?.keepsPieces() ?? false);
  }

  /** From the next byte on, the stream is a message. */
  startMessage(sink: MessageSink): void {
    this.#message = sink;
  }

  /**
   * Takes a short read out of memory that the next read will use again, without the way through the stream: one whole
   * command, or a piece of a message. False if it is anything else, or not its turn; then nothing was done.
   */
  take(memory: Buffer, length: number): boolean {
    if (length > shortPiece || this.#rest !== undefined || this.isClosed || this.keeps) return false;
    if (this.#message === undefined) return this.#takeCommand(memory, length);
    this.#begin();
    this.#feed(this.#message, memory.subarray(0, length), this.#finished);
    return true;
  }

  #takeCommand(memory: Buffer, length: number): boolean {
    if (length < 2 || memory[length - 1] !== LF || memory[length - 2] !== CR) return false;
    if (length > this.#lines.limits.commandLine.value) return false;
    const known = familiar.find(memory, 0, length);
    if (known?.octets.length === length) {
      this.#begin();
      this.#lines.command(known.value, this.#finished);
      return true;
    }
    const text = memory.toString('utf8', 0, length - 2);
    if (text.includes('\n')) return false;
    this.#begin();
    if (this.#line(text, length, true, this.#finished)) {
      familiar.add(Buffer.from(memory.subarray(0, length)), text);
    }
    return true;
  }

  #begin(): void {
    this.#lines.active();
    this.#busy = true;
  }

  /** What was taken is dealt with: on with what came meanwhile. */
  readonly #finished = (): void => {
    this.#busy = false;
    const next = this.#next;
    this.#next = undefined;
    next?.();
  };

  /** What was taken at once is no reason to pause, however long it was. */
  override write(chunk: unknown): boolean {
    super.write(chunk);
    return this.writableLength < parserHighWaterMark;
  }

  override _write(chunk: Buffer, encoding: BufferEncoding | 'buffer', next: () => void): void {
    if (this.#busy) {
      this.#next = () => this._write(chunk, encoding, next);
      return;
    }
    this.#lines.active();
    if (this.isClosed) {
      next();
      return;
    }
    const joined = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    this.#run(joined, 0, next);
  }

  /** The end of the stream completes nothing: a command without its CRLF is no command. */
  override _flushData(): void {
    this.#rest = undefined;
  }

  #run(chunk: Buffer, start: number, next: () => void): void {
    let at = start;
    while (at < chunk.length) {
      if (this.isClosed) break;
      if (this.#message !== undefined) {
        this.#feed(this.#message, at === 0 ? chunk : chunk.subarray(at), next);
        return;
      }
      const lf = chunk.indexOf(LF, at);
      if (lf < 0) {
        this.#keep(chunk, at);
        break;
      }
      const crlf = lf > at && chunk[lf - 1] === CR;
      const text = chunk.toString('utf8', at, crlf ? lf - 1 : lf);
      const octets = lf - at + (crlf ? 1 : 2);
      at = lf + 1;
      let sync = true;
      let done = false;
      this.#line(text, octets, crlf, () => {
        done = true;
        if (!sync) this.#run(chunk, at, next);
      });
      sync = false;
      if (!done) return;
    }
    next();
  }

  #keep(chunk: Buffer, at: number): void {
    if (chunk.length - at > this.#lines.limits.commandLine.value) this.#overlong = true;
    // Of a line that is too long only its last byte matters, to see a CR before the LF.
    const rest = chunk.subarray(this.#overlong ? chunk.length - 1 : at);
    this.#rest = Buffer.allocUnsafeSlow(rest.length);
    rest.copy(this.#rest);
  }

  /** Takes a line without its end; `octets`: its length with a CRLF. False if it is no command. */
  #line(text: string, octets: number, crlf: boolean, done: () => void): boolean {
    const { limits, bareNewline } = this.#lines;
    let fault: ReplyName | undefined;
    if (this.#overlong || octets > limits.commandLine.value) fault = 'commandTooLong';
    else if (!crlf && bareNewline === 'reject') fault = 'bareNewlineInCommand';
    else if (control.test(text)) fault = 'badCharacter';
    this.#overlong = false;
    if (fault === undefined) {
      this.#lines.command(text, done);
      return true;
    }
    this.#lines.badLine(fault);
    // Yield, so that a flood of bad lines does not starve other connections.
    setImmediate(done);
    return false;
  }

  #feed(message: MessageSink, chunk: Buffer, next: () => void): void {
    const end = message.read(chunk);
    if (end < 0) {
      if (!message.keepsPieces()) giveBack(chunk);
      const wait = message.drained();
      if (wait === undefined) next();
      else void wait.then(next);
      return;
    }
    this.#message = undefined;
    const verdict = message.finish();
    if (end === chunk.length) {
      void verdict.then(next);
      return;
    }
    // What follows waits for the verdict; of a short read it may be in memory that the next one uses.
    const rest = chunk.length > shortPiece ? chunk.subarray(end) : Buffer.from(chunk.subarray(end));
    void verdict.then(() => this.#run(rest, 0, next));
  }
}

/** Control characters in a command, TAB included: RFC 5321 4.1.1 separates with SP alone. */
// eslint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;

/** The reply to a command, now or later; undefined if it needs none any more. */
type Answer = Reply | Promise<Reply | undefined>;

/** The MAIL command that was read last, on any connection. */
let lastMail: { line: string; limits: Limits | undefined; path: ReturnType<typeof parsePath> } = {
  line: '',
  limits: undefined,
  path: 'syntax',
};

/** One client connection. */
class RelayConnection extends SMTPConnection implements LineSink {
  /** The address that this connection counts for. */
  countedAddress = '';
  readonly #relay: RelayServer;
  #session: Session | undefined;
  #transaction: Transaction | undefined;
  #accepted = 0;
  #errors = 0;
  /** The 503 that only follows from a refusal of ours, in the rest of a pipelined group: no error of the client's. */
  #consequence: 'needMail' | 'needRecipient' | undefined;
  #refused = 0;
  /** What the last EHLO offered: the client may rely on it, whatever the next hop offers by now. */
  #offered: Pick<Offers, 'eightBitMime' | 'smtpUtf8'> = { eightBitMime: false, smtpUtf8: false };
  /** True while the message is in and its verdict is awaited: too late to abort. */
  #deciding = false;
  readonly #deadline = new Deadline(() => this.#timeout());
  /** Ours instead of the socket's own time-out, which Node moves with each read and write at the cost of a command. */
  readonly #idle = new Deadline(() => this._onTimeout());
  #said: Outgoing | undefined;
  #drainSoon = false;

  constructor(relay: RelayServer, socket: Socket | TLSSocket, options?: SMTPConnectionOptions | null) {
    super(relay, socket, options);
    this.#relay = relay;
  }

  get limits(): Limits {
    return this.#relay.limits;
  }

  get bareNewline(): BareNewline {
    return this.#relay.relayOptions.bareNewline;
  }

  /** No greeting delay: it would cap a client that connects anew for each message at ten a second. */
  override init(): void {
    const parser = this._parser;
    if (parser instanceof RelayParser) readIntoSharedBuffer(this._socket, parser);
    this._setListeners(() => this.connectionReady());
  }

  override _createParser(): SMTPStream {
    return new RelayParser(this);
  }

  /**
   * The commands of a mail transaction go straight to their handlers once the library would do nothing else with
   * them than look them up; all others, and these before EHLO or while it closes, take its own way.
   */
  command(line: string, done: () => void): void {
    const answer =
      this._ready && !this._upgrading && this.hostNameAppearsAs !== false && !this._server._closeTimeout
        ? this.#attempt(() => this.#transactionCommand(line))
        : undefined;
    if (answer === undefined) {
      this._onCommand(Buffer.from(line), done);
      return;
    }
    this._handlerPending = true;
    this.#answer(answer, () => {
      this._handlerPending = false;
      this._whenWritable(done);
    });
  }

  #attempt<A extends Answer | undefined>(action: () => A): A | Reply {
    try {
      return action();
    } catch (error) {
      return this.#broken(error);
    }
  }

  /** For a verb in upper case, as nearly all clients write it; undefined for others. */
  #transactionCommand(line: string): Answer | undefined {
    if (line.startsWith('MAIL ')) return this.#mail(line);
    if (line.startsWith('RCPT ')) return this.#rcpt(line);
    if (line === 'DATA') return this.#data(line);
    if (line === 'RSET') return this.#rset();
    return undefined;
  }

  badLine(name: ReplyName): void {
    this.#say(name);
  }

  active(): void {
    // What a client said just before it left is read after that: a time-out would keep it all in memory, and pass.
    if (!this._closed) this.#idle.set(this.limits.idle.value * 1000);
  }

  /** The library asks for its time-out; also for that of a client which does not close its side after QUIT. */
  override _armTimeout(): void {
    this.active();
  }

  /** Ours instead of the library's words, so that each reply has the code of a rule. */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const name = typeof data === 'string' ? libraryReplies.get(data) : undefined;
    if (name !== undefined) {
      this.#say(name);
    } else if (code === 250 && context === false) {
      this.#reply({ code, enhanced: '', lines: [data ?? ''].flat() }); // to EHLO and HELO
    } else {
      this.#outgoing.flush();
      super.send(code, data, context);
    }
  }

  /** Who sends many commands at once does not keep all others waiting: the next ones have a turn of their own. */
  override _whenWritable(next: () => void): void {
    if (this.#outgoing.full) setImmediate(() => super._whenWritable(next));
    else super._whenWritable(next);
  }

  /** What was said leaves before the connection ends. */
  override close(): void {
    this.#outgoing.flush();
    super.close();
  }

  override _sendGreeting(): void {
    this.#say('greeting');
  }

  override handler_EHLO(command: Buffer, callback: () => void): void {
    const offers = this.#relay.relayOptions.handler.offers();
    this.#offered = offers;
    const { options } = this._server;
    options.hide8BITMIME = !offers.eightBitMime;
    options.hideSMTPUTF8 = !offers.smtpUtf8;
    options.size = offers.size;
    super.handler_EHLO(command, callback);
  }

  /** EXPN is known and not implemented (RFC 5321 3.5.2). */
  handler_EXPN(_command: Buffer, callback: () => void): void {
    this.#say('notImplemented');
    callback();
  }

  override handler_QUIT(command: Buffer, callback: () => void): void {
    this.#abort('quit');
    super.handler_QUIT(command, callback);
  }

  override handler_MAIL(command: Buffer, callback: () => void): void {
    this.#answer(
      this.#attempt(() => this.#mail(command.toString())),
      callback,
    );
  }

  override handler_RCPT(command: Buffer, callback: () => void): void {
    this.#answer(
      this.#attempt(() => this.#rcpt(command.toString())),
      callback,
    );
  }

  override handler_DATA(command: Buffer, callback: () => void): void {
    this.#answer(this.#data(command.toString()), callback);
  }

  /** What was said in clear leaves before the handshake begins. */
  override upgrade(callback: () => void, secureCallback?: () => void): void {
    this.#outgoing.flush();
    super.upgrade(callback, secureCallback);
  }

  /** Runs in RSET, EHLO, HELO and STARTTLS, and once at the start. */
  override _resetSession(): void {
    super._resetSession();
    this.#session = undefined;
    this.#consequence = undefined;
    this.#abort('reset');
  }

  override _onClose(): void {
    this.#abort('gone');
    this.#deadline.dispose();
    this.#idle.dispose();
    const first = !this._closed;
    super._onClose();
    if (first) this.#relay.disconnected(this.countedAddress);
  }

  /** SIGTERM: 421 now, or as soon as the running transaction is over. */
  drain(): void {
    this.#drainSoon = true;
    if (this.#transaction === undefined && !this._handlerPending) this.#say('shuttingDown');
  }

  /** The grace time is over. */
  cut(): void {
    this.#say('shuttingDown');
    this._socket.destroy();
  }

  #answer(answer: Answer, callback: () => void): void {
    if (!(answer instanceof Promise)) {
      this.#answered(answer, callback);
      return;
    }
    answer.then(
      (reply) => this.#answered(reply, callback),
      (error: unknown) => this.#answered(this.#broken(error), callback),
    );
  }

  #answered(reply: Reply | undefined, callback: () => void): void {
    if (reply !== undefined) this.#reply(reply);
    if (this.#drainSoon && this.#transaction === undefined && !this._closing) this.#say('shuttingDown');
    callback();
  }

  /** A fault of our own must neither lose mail nor keep a client waiting: the transaction ends with 451. */
  #broken(error: unknown): RuledReply {
    this.#relay.relayOptions.onError?.(error instanceof Error ? error : new Error(String(error)), 'internal');
    this.#deciding = false;
    this.#abort('broken');
    return this.#relay.replies.get('internalError');
  }

  #mail(command: string): Answer {
    const { handler } = this.#relay.relayOptions;
    const { replies } = this.#relay;
    if (this.#transaction !== undefined) return replies.get('nestedMail');
    this.#consequence = 'needMail';
    const mail = this.#parseMail(command, this.#offered);
    if ('code' in mail) return mail;
    const opening = handler.mail(this.#describe(), mail);
    return opening instanceof Promise ? opening.then((one) => this.#open(one)) : this.#open(opening);
  }

  #open({ reply, transaction }: Opening): Reply {
    if (transaction === undefined) return reply;
    if (this._closed || this._closing) {
      transaction.abort('gone');
      return reply;
    }
    this.#transaction = transaction;
    this.#consequence = undefined;
    this.#accepted = 0;
    this.#deadline.set(this.limits.transaction.value * 1000);
    return reply;
  }

  #rcpt(command: string): Answer {
    const { replies, relayOptions } = this.#relay;
    const transaction = this.#transaction;
    if (transaction === undefined) return replies.get('needMail');
    const argument = /^RCPT TO:(.*)$/is.exec(command)?.[1];
    if (argument === undefined) return replies.get('syntax');
    const path = parsePath(argument, 'forward', this.limits);
    if (typeof path === 'string') return this.#pathError(path, 'badRecipient');
    if (path.mailbox === undefined) return replies.get('badRecipient');
    const [unknown] = path.parameters.keys();
    if (unknown !== undefined) return replies.get('unknownParameter', { parameter: unknown });
    if (this.#accepted >= (relayOptions.maxRecipients ?? this.limits.recipients.value))
      return replies.get('tooManyRecipients');
    const answer = transaction.recipient(path.mailbox);
    return answer instanceof Promise ? answer.then((reply) => this.#named(reply)) : this.#named(answer);
  }

  /** What becomes of a recipient that the transaction has answered. */
  #named(reply: Reply): Reply {
    const { replies } = this.#relay;
    if (isPositive(reply)) {
      this.#accepted += 1;
      return reply;
    }
    this.#consequence = 'needRecipient';
    if (reply.code >= 500) this.#refused += 1;
    if (this.#refused <= this.limits.refusedRecipients.value) return reply;
    return replies.get('tooManyRefused');
  }

  async #data(command: string): Promise<Reply | undefined> {
    const { replies } = this.#relay;
    const transaction = this.#transaction;
    if (command.length > 4) return replies.get('noArgument');
    if (transaction === undefined) return replies.get('needMail');
    if (this.#accepted === 0) return replies.get('needRecipient');
    const reply = await transaction.data();
    if (this.#transaction !== transaction) return undefined; // the client left meanwhile
    if (reply.code !== 354) {
      this.#forget();
      return reply;
    }
    this.#receive(transaction);
    return reply;
  }

  #rset(): Reply {
    this._resetSession();
    return this.#relay.replies.get('ok');
  }

  #receive(transaction: Transaction): void {
    const reader = new DataReader({
      bareNewline: this.bareNewline,
      maxSize: this.#relay.relayOptions.handler.offers().size,
      maxLine: this.limits.textLine.value,
    });
    const write = (piece: Buffer, dotted: boolean): void => transaction.write(piece, dotted);
    if (!(this._parser instanceof RelayParser)) return;
    this._parser.startMessage({
      read: (chunk) => {
        transaction.cork();
        let end: number;
        try {
          end = reader.push(chunk, write);
        } catch (error) {
          // Where the message ends is lost with the error, and its rest must not run as commands.
          this.#reply(this.#broken(error));
          this.close();
          return -1;
        }
        if (end < 0) transaction.uncork();
        return end;
      },
      drained: () => transaction.drained(),
      keepsPieces: () => transaction.keepsPieces(),
      finish: () => this.#decide(transaction, reader),
    });
  }

  /** The message is in: its verdict, while the client waits for us and its idle time does not count. */
  async #decide(transaction: Transaction, reader: DataReader): Promise<void> {
    this._handlerPending = true;
    this.#deciding = true;
    let reply: Reply;
    try {
      const verdict = transaction.end(reader.fault, reader);
      transaction.uncork();
      reply = await verdict;
    } catch (error) {
      reply = this.#broken(error);
    }
    this.#deciding = false;
    this._handlerPending = false;
    this.#forget();
    this._unrecognizedCommands = 0;
    super._resetSession();
    this.#reply(reply);
    if (this.#drainSoon && !this._closing) this.#say('shuttingDown');
  }

  #parseMail(line: string, offered: Pick<Offers, 'eightBitMime' | 'smtpUtf8'>): MailCommand | RuledReply {
    const { replies } = this.#relay;
    const path = this.#reversePath(line);
    if (path === undefined) return replies.get('syntax');
    if (typeof path === 'string') return this.#pathError(path, 'badSender');
    const parameters = this.#parameters(path.parameters, offered);
    if ('code' in parameters) return parameters;
    if (path.mailbox?.utf8 === true && !parameters.smtpUtf8) return replies.get('needsUtf8');
    const { size: limit } = this.#relay.relayOptions.handler.offers();
    if (parameters.size !== undefined && parameters.size > limit) {
      return replies.get('declaredTooBig', { limit });
    }
    const { size, body, smtpUtf8 } = parameters;
    return { sender: path.mailbox, size, body, smtpUtf8 };
  }

  /** Of a MAIL command; undefined if it is none. An application says the same one for each of its messages. */
  #reversePath(line: string): ReturnType<typeof parsePath> | undefined {
    if (line === lastMail.line && this.limits === lastMail.limits) return lastMail.path;
    const argument = /^MAIL FROM:(.*)$/is.exec(line)?.[1];
    if (argument === undefined) return undefined;
    const path = parsePath(argument, 'reverse', this.limits);
    lastMail = { line, limits: this.limits, path };
    return path;
  }

  #parameters(
    given: PathParameters,
    offered: Pick<Offers, 'eightBitMime' | 'smtpUtf8'>,
  ): Omit<MailCommand, 'sender'> | RuledReply {
    const { replies } = this.#relay;
    let size: number | undefined;
    let body: MailCommand['body'];
    let smtpUtf8 = false;
    for (const [parameter, value] of given) {
      if (parameter === 'SIZE') {
        if (value === undefined || !/^\d{1,20}$/.test(value))
          return replies.get('badParameter', { parameter });
        size = Number(value);
      } else if (parameter === 'BODY' && offered.eightBitMime) {
        const kind = value?.toUpperCase();
        if (kind !== '7BIT' && kind !== '8BITMIME') return replies.get('badParameter', { parameter });
        body = kind;
      } else if (parameter === 'SMTPUTF8' && offered.smtpUtf8) {
        if (value !== undefined) return replies.get('badParameter', { parameter });
        smtpUtf8 = true;
      } else {
        return replies.get('unknownParameter', { parameter });
      }
    }
    return { size, body, smtpUtf8 };
  }

  #pathError(
    error: ReturnType<typeof parsePath> & string,
    address: 'badSender' | 'badRecipient',
  ): RuledReply {
    const { replies } = this.#relay;
    if (error === 'address') return replies.get(address);
    if (error === 'syntax') return replies.get('syntax');
    return replies.get('badParameter', {
      parameter: error === 'parameter-duplicate' ? 'given twice' : 'syntax',
    });
  }

  /** Made anew after EHLO, HELO and STARTTLS. */
  #describe(): Session {
    return (this.#session ??= {
      id: this.id,
      remoteAddress: this.remoteAddress,
      remotePort: this.remotePort,
      localPort: this.localPort,
      helo: this.hostNameAppearsAs === false ? '' : this.hostNameAppearsAs,
      protocol: this._transmissionType(),
    });
  }

  #timeout(): void {
    if (this.#deciding) return; // the upstream's own time-out decides
    this.#abort('timeout');
    this.#say('transactionTimeout');
  }

  #abort(reason: AbortReason): void {
    if (this.#transaction === undefined || this.#deciding) return;
    const transaction = this.#transaction;
    this.#forget();
    transaction.abort(reason);
  }

  #forget(): void {
    this.#deadline.clear();
    this.#transaction = undefined;
  }

  #say(name: ReplyName): void {
    this.#reply(this.#relay.replies.get(name));
  }

  #reply(reply: Reply): void {
    let one = reply;
    if (isRuled(reply)) {
      if (protocolErrors.has(reply.code) && reply.rule !== this.#consequence) {
        this.#errors += 1;
        if (this.#errors >= this.limits.protocolErrors.value) {
          one = this.#relay.replies.get('tooManyErrors');
        }
      }
      if (reply.code >= 400 && isRuled(one)) this.#relay.relayOptions.onRefusal?.(one);
    }
    // While a TLS handshake runs, anything written would be clear text in the middle of it.
    if (!this._upgrading && this._socket.writable) {
      this.#outgoing.write(isRuled(one) ? one.wire : renderReply(one));
      this.active();
    }
    if (one.code === 421) this.close();
  }

  /** What we say, which the socket gets at the end of the turn. STARTTLS puts another socket in its place. */
  get #outgoing(): Outgoing {
    const socket = this._socket;
    if (this.#said?.socket === socket) return this.#said;
    const outgoing = new Outgoing(socket, 'client');
    this.#said = outgoing;
    // Node ends our side right after the client's. Its own listener, which forbids further writing, comes first.
    socket.prependListener('end', () => outgoing.flush());
    return outgoing;
  }
}

function isRuled(reply: Reply): reply is RuledReply {
  return 'rule' in reply;
}

/** The listener. `server.listen(...)` on it as on SMTPServer. */
export class RelayServer extends SMTPServer {
  override readonly connections = new ConnectionSet<SMTPConnection>();
  readonly relayOptions: RelayServerOptions;
  readonly replies: ReplyBook;
  readonly limits: Limits;
  readonly #perAddress = new Map<string, number>();
  readonly #proxies = new BlockList();
  #draining = false;

  constructor(options: RelayServerOptions) {
    const bounds = options.limits ?? standardLimits;
    super({
      name: options.hostname,
      disabledCommands: options.tls === undefined ? [...noDisabled, 'STARTTLS'] : noDisabled,
      hideSTARTTLS: options.tls === undefined,
      hideENHANCEDSTATUSCODES: false,
      disableReverseLookup: true,
      heloResponse: '%s',
      socketTimeout: bounds.idle.value * 1000,
      // At once: the library's own takes a turn, in which it calls a client that does not wait for its greeting early.
      onConnect: (_session, callback) => callback(),
      ...options.tls,
    });
    this.relayOptions = options;
    this.replies = options.replies;
    this.limits = bounds;
    for (const network of options.proxyFrom ?? []) {
      const [address = '', bits] = network.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      this.#proxies.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
    }
    this.on('error', (error: Error) => options.onError?.(error, 'client'));
  }

  /** The only place where the library makes a connection: ours instead, and load is shed here. */
  override connect(...[socket, options]: Parameters<SMTPServer['connect']>): void {
    const address = options?.remoteAddress ?? socket.remoteAddress ?? '';
    const { maxConnections, maxConnectionsPerAddress = Infinity } = this.relayOptions;
    const fromAddress = this.#perAddress.get(address) ?? 0;
    if (
      this.#draining ||
      this.connections.size >= maxConnections ||
      fromAddress >= maxConnectionsPerAddress
    ) {
      const reply = this.replies.get(this.#draining ? 'shuttingDown' : 'tooManyConnections');
      this.relayOptions.onRefusal?.(reply);
      socket.on('error', () => undefined);
      socket.end(reply.wire, () => socket.destroySoon());
      return;
    }
    const connection = new RelayConnection(this, socket, options);
    this.connections.add(connection);
    connection.countedAddress = address;
    this.#perAddress.set(address, fromAddress + 1);
    connection.on('error', (error: Error) => this._onError(error));
    this.relayOptions.onConnect?.();
    connection.init();
  }

  /** Only named peers are believed, and they must say it (the library guards the wait). */
  override _expectsProxyHeader(socket: Socket): boolean {
    const { remoteAddress = '' } = socket;
    return this.#proxies.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4');
  }

  /** Versions 1 and 2; without a header to wait for, no delay: the library would wait a turn of the event loop. */
  override _handleProxy(
    socket: Socket,
    callback: (error: Error | null, options?: SMTPConnectionOptions & { id: string }) => void,
  ): void {
    if (!this._expectsProxyHeader(socket)) {
      callback(null, { id: nextId() });
      return;
    }
    readProxyHeader(socket, this.relayOptions.proxyTimeout ?? 5000).then(
      (client) => callback(null, { id: nextId(), ...client }),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  /** Bookkeeping when a connection has ended. */
  disconnected(address: string): void {
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    this.relayOptions.onDisconnect?.();
  }

  /**
   * Stops accepting at once, ends idle sessions with 421, lets transactions end, and cuts what is left after
   * `grace` milliseconds. Resolves when no connection is left.
   */
  async drain(grace: number): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this._pendingSockets.values()) socket.destroy();
    for (const connection of this.#relayConnections()) connection.drain();
    const cut = setTimeout(() => {
      for (const connection of this.#relayConnections()) connection.cut();
    }, grace);
    await closed;
    clearTimeout(cut);
  }

  #relayConnections(): RelayConnection[] {
    return [...this.connections].filter((one) => one instanceof RelayConnection);
  }
}

let counter = 0;
const idPrefix = Date.now().toString(36);

/** Unique within and across restarts of one host, and cheap: it is made for every connection. */
function nextId(): string {
  counter += 1;
  return `${idPrefix}${counter.toString(36).padStart(4, '0')}`;
}

/** Takes the PROXY header off a connection; rejects if there is none in time. What follows it stays unread. */
function readProxyHeader(
  socket: Socket,
  timeout: number,
): Promise<{ remoteAddress?: string; remotePort?: number }> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const done = (problem?: string): void => {
      clearTimeout(timer);
      socket.removeListener('readable', read);
      socket.removeListener('end', ended);
      socket.removeListener('error', failed);
      if (problem === undefined) return;
      socket.on('error', () => undefined);
      socket.destroy();
      reject(new Error(problem));
    };
    const ended = (): void => done('connection ended before its PROXY header');
    const failed = (error: Error): void => done(error.message);
    const timer = setTimeout(() => done('no PROXY header in time'), timeout);
    const read = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        bytes = Buffer.concat([bytes, chunk]);
        const header = parseProxyHeader(bytes);
        if (header.kind === 'invalid') return done(header.reason);
        if (header.kind === 'incomplete') continue;
        done();
        if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
        return resolve(
          header.kind === 'proxied' ? { remoteAddress: header.address, remotePort: header.port } : {},
        );
      }
      return undefined;
    };
    socket.on('readable', read);
    socket.on('end', ended);
    socket.on('error', failed);
  });
}
