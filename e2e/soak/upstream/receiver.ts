/** The next hop of the soak: a small SMTP receiver that fails in every way a next hop can. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { loopback } from '../../up/ports.ts';
import type { Random } from '../../../relay-src/testing/random.ts';
import { Connection } from './connection.ts';
import type { Fault, Point } from './faults.ts';
import type { Received } from './message.ts';

/** `strict`: PIPELINING, only CRLF.CRLF ends a message. `mailpit`: none, and LF.CRLF ends one as well. */
export type Manner = 'strict' | 'mailpit';

/** A message that was taken: from here on it would be delivered. */
export interface Delivery extends Received {
  readonly queueId: string;
  readonly from: string;
  readonly to: readonly string[];
  /** Why the relay may not have heard the answer; undefined when it surely has. */
  answerLost: string | undefined;
}

export interface ReceiverOptions {
  readonly random: Random;
  /** The longest silence before a connection is ended, in milliseconds. */
  readonly longestSilence: number;
  readonly onDelivery: (delivery: Delivery) => void;
  /** Something that no relay may do, such as a command out of order: what a smuggled message looks like. */
  readonly onOffence: (what: string) => void;
}

export class Receiver {
  readonly options: ReceiverOptions;
  manner: Manner = 'strict';
  /** Every answer is given this much later, in milliseconds. */
  delay = 0;
  /** False: nothing goes wrong by itself. */
  faulty = true;
  /** Faults so far, by point and kind. */
  readonly faults = new Map<string, number>();
  accepted = 0;
  connections = 0;
  readonly #connections = new Set<Connection>();
  #server: Server | undefined;
  #port = 0;
  #frozen: Promise<void> | undefined;
  #thaw: (() => void) | undefined;

  constructor(options: ReceiverOptions) {
    this.options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** The connections that are open now, each as the last thing that happened on it. */
  open(): string[] {
    return [...this.#connections].map(({ last }) => last);
  }

  /** Listens; after {@link goAway} on the same port again. */
  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    server.listen({ port: this.#port, host: loopback });
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#server = server;
  }

  /** Ends all connections and listens no more. */
  async goAway(how: 'close' | 'reset'): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const connection of this.#connections) connection.abandon(how);
    await closed;
  }

  /** Reads nothing and answers nothing until {@link thaw}. */
  freeze(): void {
    this.#frozen ??= new Promise((resolve) => (this.#thaw = resolve));
  }

  thaw(): void {
    this.#thaw?.();
    this.#frozen = undefined;
  }

  /** Resolves when it is not frozen. */
  async awake(): Promise<void> {
    await this.#frozen;
  }

  count(point: Point, fault: Fault): void {
    const name = `${point}: ${fault.kind}`;
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
  }

  #accept(socket: Socket): void {
    this.connections += 1;
    const random = this.options.random.fork(`connection ${this.connections}`);
    const connection = new Connection(this, socket, random);
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
    socket.on('error', () => undefined);
    void connection.serve();
  }
}
