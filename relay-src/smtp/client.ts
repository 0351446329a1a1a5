/**
 * One SMTP connection to a next hop, as a client: commands with their replies in order, one verdict a
 * recipient, the message streamed with back-pressure. It never decides to repeat anything: who calls it knows
 * what was said.
 */
import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { Deadline } from './deadline.ts';
import { isAscii } from './domain-name.ts';
import { Outgoing, shortPiece } from './outgoing.ts';
import { ReplyParser, replyText, type Reply } from './reply.ts';

/** Where to connect, and how long to wait for what, in milliseconds. */
export interface NextHop {
  readonly host: string;
  readonly port: number;
  /** Our name in EHLO. */
  readonly name: string;
  readonly connectTimeout: number;
  /** Greeting, EHLO, MAIL, RCPT, DATA, RSET. */
  readonly replyTimeout: number;
  /** One block of the message to be taken. */
  readonly blockTimeout: number;
  /** The answer to the final dot (RFC 5321 4.5.3.2.6 asks for ten minutes where nobody waits behind us). */
  readonly finalTimeout: number;
  /** Undefined: in clear. */
  readonly tls?: TlsOptions;
}

/** The server's certificate is always verified, for `host` of the next hop. */
export interface TlsOptions {
  /** From the first octet, or after STARTTLS, without which nothing is sent. */
  readonly mode: 'implicit' | 'starttls';
  /** PEM; authorities to trust instead of the public ones. */
  readonly ca?: string;
}

export type ClientFailure = 'connect' | 'timeout' | 'closed' | 'protocol' | 'aborted';

/** The connection is lost; `failure` says how. What it was saying is not known to have happened. */
export class ClientError extends Error {
  readonly failure: ClientFailure;
  constructor(failure: ClientFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

/** What the next hop offered in its EHLO reply, as far as we use it. */
export interface Extensions {
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  /** Largest message it takes, in octets; undefined if it does not say, or says 0 (RFC 1870 4). */
  readonly size: number | undefined;
  readonly startTls: boolean;
  /** SASL mechanisms, upper case (RFC 4954). */
  readonly auth: readonly string[];
}

const noExtensions: Extensions = {
  pipelining: false,
  eightBitMime: false,
  smtpUtf8: false,
  size: undefined,
  startTls: false,
  auth: [],
};

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: ClientError) => void;
  /** Milliseconds from when it is the next to be answered. */
  readonly timeout: number;
  /** The message follows a 354, which no other command is answered with (RFC 5321 4.3.2). */
  readonly opensMessage: boolean;
}

/** Bytes that may wait in a socket before the source is paused: one read of it. */
const highWaterMark = 65_536;
const replyBuffer = 4096;

/** A connected, greeted SMTP client. Make one with {@link connectClient}. */
export class Client {
  extensions: Extensions = noExtensions;
  /** Called once when the connection is lost while nothing was asked of it. */
  onIdleLoss: (() => void) | undefined;

  #socket: Socket;
  #outgoing: Outgoing;
  readonly #hop: NextHop;
  readonly #parser = new ReplyParser((reply) => this.#onReply(reply));
  /** Callers in the order of their commands. */
  readonly #waiting: Waiting[] = [];
  readonly #deadline = new Deadline(() => this.#fail('timeout', 'no reply in time'));
  #error: ClientError | undefined;
  #used = false;
  #inData = false;
  /** A reply that came while the message was still being sent. */
  #early: Reply | undefined;
  #drain: (() => void) | undefined;

  /** Starts connecting; use {@link connectClient}. */
  constructor(hop: NextHop) {
    this.#hop = hop;
    const connecting = setTimeout(
      () => this.#fail('timeout', `no connection within ${hop.connectTimeout} ms`),
      hop.connectTimeout,
    );
    this.#socket = hop.tls === undefined ? this.#plain() : this.#beforeTls(hop.tls);
    this.#outgoing = new Outgoing(this.#socket, 'next hop');
    const connected = hop.tls?.mode === 'implicit' ? 'secureConnect' : 'connect';
    this.#socket.once(connected, () => clearTimeout(connecting));
    this.#socket.once('close', () => clearTimeout(connecting));
    this.#watch(this.#socket);
  }

  #plain(): Socket {
    // One small buffer for all reads: replies are short, and a fresh 64 KiB a read is most of what a read costs.
    const replies = Buffer.allocUnsafe(replyBuffer);
    const options: TcpNetConnectOpts & { writableHighWaterMark: number } = {
      host: this.#hop.host,
      port: this.#hop.port,
      noDelay: true,
      writableHighWaterMark: highWaterMark,
      onread: {
        buffer: replies,
        callback: (read) => this.#onBytes(replies, read),
      },
    };
    return connect(options);
  }

  #beforeTls(tls: TlsOptions): Socket {
    const { host, port } = this.#hop;
    const socket =
      tls.mode === 'implicit' ? connectTls({ ...this.#tlsOptions(tls), port }) : connect({ host, port });
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    return socket;
  }

  #tlsOptions({ ca }: TlsOptions): ConnectionOptions {
    const { host } = this.#hop;
    // `host` is what the certificate must name; a literal address is no server name (RFC 6066 3).
    return { host, ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) };
  }

  #watch(socket: Socket): void {
    socket.once('error', (error) => this.#fail(socket.connecting ? 'connect' : 'closed', error.message));
    socket.once('end', () => this.#fail('closed', 'connection closed by the next hop'));
    socket.once('close', () => this.#fail('closed', 'connection closed'));
    socket.on('drain', () => this.#onDrain());
  }

  /** The next hop gave its verdict before the end of the message: it is not delivered. */
  get answeredEarly(): boolean {
    return this.#early !== undefined;
  }

  /** False once the connection is lost or given up. */
  get usable(): boolean {
    return this.#error === undefined;
  }

  /** True while the reply to something is not in. */
  get asked(): boolean {
    return this.#waiting.length > 0;
  }

  /** True between 354 and the final dot: closing now leaves the message undelivered. */
  get inMessage(): boolean {
    return this.#inData;
  }

  /**
   * Greeting, EHLO (HELO where that is not known) and TLS where it is wanted. Throws {@link ClientError}; a refusal
   * counts as one.
   */
  async hello(): Promise<void> {
    const greeting = await this.#expect(this.#hop.replyTimeout);
    if (greeting.code !== 220) throw this.#refused(greeting);
    await this.#ehlo();
    const { tls } = this.#hop;
    if (tls?.mode !== 'starttls') return;
    await this.#startTls(tls);
    await this.#ehlo(); // what was said in clear counts no more (RFC 3207 4.2)
  }

  async #ehlo(): Promise<void> {
    const ehlo = await this.ask(`EHLO ${this.#hop.name}`);
    if (ehlo.code === 250) {
      this.extensions = readExtensions(ehlo.lines);
      return;
    }
    if (ehlo.code < 500) throw this.#refused(ehlo);
    const helo = await this.ask(`HELO ${this.#hop.name}`);
    if (helo.code !== 250) throw this.#refused(helo);
  }

  async #startTls(tls: TlsOptions): Promise<void> {
    if (!this.extensions.startTls) throw this.#failed('protocol', 'next hop does not offer STARTTLS');
    const reply = await this.ask('STARTTLS');
    if (reply.code !== 220) throw this.#refused(reply);
    // An answer to a command that was not given yet: somebody put it in before the encryption. A whole one has failed
    // the connection by now.
    if (this.#error !== undefined) throw this.#error;
    if (!this.#parser.empty) throw this.#failed('protocol', 'bytes in clear after STARTTLS');
    const plain = this.#socket;
    for (const event of ['data', 'end', 'close', 'drain', 'error']) plain.removeAllListeners(event);
    plain.on('error', () => undefined); // the encrypted one tells
    const secure = connectTls({ ...this.#tlsOptions(tls), socket: plain });
    this.#socket = secure;
    this.#outgoing = new Outgoing(secure, 'next hop');
    this.#watch(secure);
    secure.on('data', (bytes: Buffer) => this.#onBytes(bytes));
    await new Promise<void>((resolve, reject) => {
      const { replyTimeout: timeout } = this.#hop;
      this.#waiting.push({ resolve: () => undefined, reject, timeout, opensMessage: false });
      this.#deadline.set(this.#hop.replyTimeout);
      secure.once('secureConnect', () => {
        this.#waiting.shift();
        this.#deadline.clear();
        resolve();
      });
    });
  }

  /** True once a transaction was begun: RSET must go before the next one. */
  get used(): boolean {
    return this.#used;
  }

  /**
   * Begins a transaction with its first recipient, after an RSET if there was one before: all in one write if the
   * next hop takes pipelined commands (RFC 2920). `rcpt` is undefined if MAIL was not accepted.
   */
  async begin(mail: string, rcpt: string): Promise<{ mail: Reply; rcpt: Reply | undefined }> {
    if (!this.extensions.pipelining) {
      if (this.#used) await this.reset();
      this.#used = true;
      const answer = await this.#ask(mailOctets(mail), this.#hop.replyTimeout);
      return { mail: answer, rcpt: answer.code === 250 ? await this.ask(rcpt) : undefined };
    }
    const { replyTimeout } = this.#hop;
    const reset = this.#used ? this.#expect(replyTimeout) : undefined;
    const answers = Promise.all([this.#expect(replyTimeout), this.#expect(replyTimeout)]);
    const commands = mailOctets(mail) + octetsOf(`${rcpt}\r\n`);
    this.#send(reset === undefined ? commands : `RSET\r\n${commands}`);
    this.#used = true;
    answers.catch(() => undefined); // it is awaited below, unless RSET throws first
    if (reset !== undefined) this.#checkReset(await reset);
    const [mailReply, rcptReply] = await answers;
    return { mail: mailReply, rcpt: mailReply.code === 250 ? rcptReply : undefined };
  }

  /** Names a further recipient; its verdict is the next hop's own. */
  rcpt(command: string): Promise<Reply> {
    return this.ask(command);
  }

  /** Ends the transaction before its message. Throws if the next hop does not take it: close it then. */
  async reset(): Promise<void> {
    this.#checkReset(await this.#ask('RSET\r\n', this.#hop.replyTimeout));
    this.#used = false;
  }

  /** Asks to send the message; after a 354 comes {@link write}, then {@link end} or {@link destroy}. */
  data(): Promise<Reply> {
    const reply = this.#expect(this.#hop.replyTimeout, true);
    this.#send('DATA\r\n');
    return reply;
  }

  /**
   * Sends a piece of the message: dot-stuffed, line ends CRLF; a string has one character an octet. Errors surface in
   * {@link end}. A piece may stay referenced until it is written.
   */
  write(piece: Buffer | string): void {
    if (!this.#inData || this.#early !== undefined || this.#error !== undefined) return;
    if (typeof piece === 'string') {
      this.#outgoing.write(piece);
    } else if (piece.length <= shortPiece) {
      this.#outgoing.write(piece.toString('latin1'));
      if (this.#outgoing.full) this.#outgoing.flush(); // from here on the socket counts it, see drained()
    } else {
      this.#outgoing.flush();
      this.#socket.write(piece);
    }
  }

  /** Collects long pieces, and what is said around them, into one system call until {@link uncork}. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    if (this.#socket.writableLength > 0) this.#outgoing.flush();
    this.#socket.uncork();
  }

  /** Undefined if more may be written now, else resolves when it may; or when it makes no difference any more. */
  drained(): Promise<void> | undefined {
    // A write that the kernel took at once leaves nothing to wait for, however large it was.
    if (this.#socket.writableLength < highWaterMark || this.#error !== undefined) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail('timeout', 'a block was not taken'), this.#hop.blockTimeout);
      this.#drain = () => {
        clearTimeout(timer);
        this.#drain = undefined;
        resolve();
      };
    });
  }

  /** Whether a piece that was written waits to be sent, and so may not change. */
  get holdsPieces(): boolean {
    return this.#socket.writableLength > 0;
  }

  /**
   * Sends the final dot and returns the verdict on the message. What was written ended with CRLF or was empty. Throws
   * {@link ClientError} as well if the next hop took the message before it had it.
   */
  end(): Promise<Reply> {
    this.#inData = false;
    if (this.#early !== undefined) {
      // The next hop gave its verdict on half a message. It may take the rest for commands, so it gets none.
      const reply = this.#early;
      if (reply.code < 400) {
        return Promise.reject(this.#failed('protocol', `${replyText(reply)} before the end of the message`));
      }
      this.destroy();
      return Promise.resolve(reply);
    }
    return this.#ask('.\r\n', this.#hop.finalTimeout);
  }

  /** Says QUIT without waiting for long, and closes. */
  quit(): void {
    if (this.#error !== undefined) return;
    this.#ask('QUIT\r\n', 5000).then(
      () => this.destroy(),
      () => undefined,
    );
    this.#outgoing.flush(); // the program may end before this turn does
  }

  /** Closes at once. Inside a message this is the way to make sure that it is not delivered: no dot is sent. */
  destroy(): void {
    this.#fail('aborted', 'closed by us');
  }

  /** Sends a command, or a line of one, and returns its reply. Throws {@link ClientError}. */
  ask(command: string): Promise<Reply> {
    return this.#ask(octetsOf(`${command}\r\n`), this.#hop.replyTimeout);
  }

  #ask(octets: string, timeout: number): Promise<Reply> {
    const reply = this.#expect(timeout);
    this.#send(octets);
    return reply;
  }

  #send(octets: string): void {
    if (this.#error === undefined) this.#outgoing.write(octets);
  }

  #expect(timeout: number, opensMessage = false): Promise<Reply> {
    const error = this.#error;
    if (error !== undefined) return Promise.reject(error);
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.push({ resolve, reject, timeout, opensMessage });
      if (waiting === 1) this.#deadline.set(timeout);
    });
  }

  #refused(reply: Reply): ClientError {
    return this.#failed('protocol', `next hop says ${reply.code} ${reply.lines.join(' ')}`);
  }

  #failed(failure: ClientFailure, message: string): ClientError {
    this.#fail(failure, message);
    return this.#error ?? new ClientError(failure, message);
  }

  #checkReset(reply: Reply): void {
    if (reply.code !== 250) throw this.#refused(reply);
  }

  #onBytes(bytes: Buffer, length?: number): boolean {
    try {
      this.#parser.push(bytes, length);
    } catch (error) {
      this.#fail('protocol', error instanceof Error ? error.message : String(error));
    }
    return true;
  }

  #onReply(reply: Reply): void {
    if (this.#error !== undefined) return;
    // Mostly one, and shift() costs ten times as much as pop().
    const waiting = this.#waiting.length === 1 ? this.#waiting.pop() : this.#waiting.shift();
    if (waiting === undefined) {
      if (this.#inData && this.#early === undefined) this.#early = reply;
      else this.#fail('protocol', `unasked reply ${replyText(reply)}`);
      return;
    }
    const next = this.#waiting[0];
    if (next === undefined) this.#deadline.clear();
    else this.#deadline.set(next.timeout);
    // Now, since what comes with it is already about the message.
    if (waiting.opensMessage && reply.code === 354) this.#inData = true;
    waiting.resolve(reply);
  }

  #onDrain(): void {
    this.#drain?.();
  }

  #fail(failure: ClientFailure, message: string): void {
    if (this.#error !== undefined) return;
    const error = new ClientError(failure, message);
    this.#error = error;
    this.#socket.destroy();
    this.#deadline.dispose();
    this.#drain?.();
    const waiting = this.#waiting.splice(0);
    for (const one of waiting) one.reject(error);
    if (waiting.length === 0 && failure !== 'aborted') this.onIdleLoss?.();
  }
}

/** Connects, reads the greeting and says EHLO. Throws {@link ClientError}. */
export async function connectClient(hop: NextHop): Promise<Client> {
  const client = new Client(hop);
  await client.hello();
  return client;
}

/** UTF-8, one character an octet. Nothing but an address that needs SMTPUTF8 is not ASCII. */
export function octetsOf(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

let lastMail = { command: '', octets: '' };

/** The line of a MAIL command: an application says the same one, the very same string, for each message. */
function mailOctets(command: string): string {
  if (command !== lastMail.command) lastMail = { command, octets: octetsOf(`${command}\r\n`) };
  return lastMail.octets;
}

/** Keywords of an EHLO reply, any case (RFC 5321 4.1.1.1). The first line is the name of the host. */
function readExtensions(lines: readonly string[]): Extensions {
  const keywords = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const [keyword = '', ...values] = line.trim().split(/\s+/);
    keywords.set(keyword.toUpperCase(), values.join(' '));
  }
  const size = keywords.get('SIZE') ?? '';
  return {
    pipelining: keywords.has('PIPELINING'),
    eightBitMime: keywords.has('8BITMIME'),
    smtpUtf8: keywords.has('SMTPUTF8') && keywords.has('8BITMIME'),
    size: /^\d{1,15}$/.test(size) && Number(size) > 0 ? Number(size) : undefined,
    startTls: keywords.has('STARTTLS'),
    auth: (keywords.get('AUTH') ?? '').toUpperCase().split(' '),
  };
}
