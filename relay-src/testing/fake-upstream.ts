/**
 * A next hop for tests, on a real socket: it keeps what it is told, and fails where the test says. Two ways of
 * reading a message: strict (only CRLF.CRLF ends it) and `lax`, which also ends it at LF.CRLF as Mailpit does.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** One delivered message: it got this far only if its end was seen. */
export interface Delivered {
  readonly from: string;
  readonly to: readonly string[];
  /** Without stuffing dots and final dot. */
  readonly body: Buffer;
}

/**
 * What to do at one point of the dialogue. `at` is the beginning of a command, or `CONNECT`, `BODY` (once
 * `after` octets of message came) or `.` (the final dot). `answer` is a reply (`\n` between lines), or one of
 * `close`, `reset`, `silent`, `deaf` (stops reading).
 */
export interface Fault {
  readonly at: string;
  readonly answer: string;
  readonly after?: number;
  /** Only this often. */
  times?: number;
}

export interface FakeUpstreamOptions {
  readonly lax?: boolean;
  readonly offers?: readonly string[];
  readonly faults?: readonly Fault[];
}

export class FakeUpstream {
  readonly messages: Delivered[] = [];
  /** MAIL, RCPT and DATA lines, in the order of their arrival on any connection. */
  readonly commands: string[] = [];
  /** Everything else that came as a command: what a smuggled message would look like. */
  readonly others: string[] = [];
  connections = 0;
  offers: readonly string[];
  readonly faults: Fault[];
  readonly lax: boolean;
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  constructor(options: FakeUpstreamOptions = {}) {
    this.lax = options.lax ?? false;
    this.offers = options.offers ?? [
      'PIPELINING',
      'SIZE 52428800',
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
    ];
    this.faults = [...(options.faults ?? [])];
  }

  get port(): number {
    return this.#port;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Listens; after {@link stop}, on the same port again. */
  async start(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    server.listen({ port: this.#port, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#server = server;
  }

  /** Closes everything at once. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Ends the deafness of all connections. */
  hearAgain(): void {
    for (const socket of this.#sockets) socket.resume();
  }

  fault(at: string, received = 0): Fault | undefined {
    const found = this.faults.find(
      (one) =>
        one.times !== 0 &&
        received >= (one.after ?? 0) &&
        (one.at === at || (at.length > 1 && at.startsWith(one.at))),
    );
    if (found?.times !== undefined) found.times -= 1;
    return found;
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    const connection = new Connection(this, socket);
    connection.greet();
    socket.on('data', (chunk) => connection.push(chunk));
  }
}

class Connection {
  readonly #upstream: FakeUpstream;
  readonly #socket: Socket;
  #input = '';
  #from = '';
  #to: string[] = [];
  #inData = false;

  constructor(upstream: FakeUpstream, socket: Socket) {
    this.#upstream = upstream;
    this.#socket = socket;
  }

  greet(): void {
    if (!this.#fail(this.#upstream.fault('CONNECT'))) this.#reply('220 upstream.example ESMTP');
  }

  push(chunk: Buffer): void {
    this.#input += chunk.toString('latin1');
    while (this.#inData ? this.#message() : this.#line());
  }

  #line(): boolean {
    const end = this.#input.indexOf('\r\n');
    if (end < 0 || this.#socket.destroyed) return false;
    const line = this.#input.slice(0, end);
    this.#input = this.#input.slice(end + 2);
    const text = Buffer.from(line, 'latin1').toString();
    const verb = line.split(' ')[0]?.toUpperCase() ?? '';
    if (['MAIL', 'RCPT', 'DATA'].includes(verb)) this.#upstream.commands.push(text);
    else if (!['EHLO', 'HELO', 'RSET', 'QUIT', 'NOOP'].includes(verb)) this.#upstream.others.push(text);
    if (this.#fail(this.#upstream.fault(text))) return true;
    this.#command(verb, text);
    return true;
  }

  #command(verb: string, line: string): void {
    switch (verb) {
      case 'EHLO':
        this.#reset();
        this.#reply(
          ['250-upstream.example', ...this.#upstream.offers.map((one) => `250-${one}`), '250 HELP'].join(
            '\n',
          ),
        );
        break;
      case 'MAIL':
        this.#from = line;
        this.#reply('250 2.1.0 Ok');
        break;
      case 'RCPT':
        this.#to.push(line);
        this.#reply('250 2.1.5 Ok');
        break;
      case 'DATA':
        this.#inData = true;
        this.#reply('354 Go on');
        break;
      case 'QUIT':
        this.#reply('221 2.0.0 Bye');
        this.#socket.end();
        break;
      case 'HELO':
      case 'RSET':
      case 'NOOP':
        this.#reset();
        this.#reply('250 2.0.0 Ok');
        break;
      default:
        this.#reply('500 5.5.2 What?');
    }
  }

  #message(): boolean {
    if (this.#fail(this.#upstream.fault('BODY', this.#input.length))) return false;
    const end = this.#end();
    if (end === undefined || this.#socket.destroyed) return false;
    const body = this.#input.slice(0, end.message).replace(/(^|\r\n)\./g, '$1');
    this.#input = this.#input.slice(end.rest);
    this.#inData = false;
    const failed = this.#upstream.fault('.');
    if (!this.#fail(failed)) {
      this.#upstream.messages.push({ from: this.#from, to: this.#to, body: Buffer.from(body, 'latin1') });
      this.#reply(`250 2.6.0 Queued as Q${this.#upstream.messages.length}`);
    }
    this.#reset();
    return true;
  }

  #end(): { message: number; rest: number } | undefined {
    if (this.#input.startsWith('.\r\n')) return { message: 0, rest: 3 };
    const strict = this.#input.indexOf('\r\n.\r\n');
    const lax = this.#upstream.lax ? this.#input.indexOf('\n.\r\n') : -1;
    if (lax >= 0 && (strict < 0 || lax < strict + 1)) return { message: lax + 1, rest: lax + 4 };
    return strict < 0 ? undefined : { message: strict + 2, rest: strict + 5 };
  }

  #fail(fault: Fault | undefined): boolean {
    if (fault === undefined) return false;
    switch (fault.answer) {
      case 'close':
        this.#socket.destroy();
        break;
      case 'reset':
        this.#socket.resetAndDestroy();
        break;
      case 'silent':
        break;
      case 'deaf':
        this.#socket.pause();
        break;
      default:
        this.#reply(fault.answer);
    }
    return true;
  }

  #reply(text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(`${text.replace(/\n/g, '\r\n')}\r\n`);
  }

  #reset(): void {
    this.#from = '';
    this.#to = [];
  }
}
