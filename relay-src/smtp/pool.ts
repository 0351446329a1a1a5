/**
 * Connections to one next hop: kept while they are in use every few seconds, never more than a cap, and
 * handed out ready for MAIL.
 */
import { connectClient, type Client, type Extensions, type NextHop } from './client.ts';
import { turnTime } from './turn-time.ts';

export interface PoolOptions {
  readonly hop: NextHop;
  /** Connections at one time, idle ones included. */
  readonly maxConnections: number;
  /** How long a caller waits for a free connection, in milliseconds. */
  readonly maxWait: number;
  /** How long an idle connection is kept, in milliseconds. */
  readonly idleTime: number;
  /** Makes a connection that is ready for MAIL; default: {@link connectClient} to `hop`. */
  readonly connect?: () => Promise<Client>;
  readonly onConnect?: (seconds: number) => void;
  readonly onConnectError?: (error: unknown) => void;
}

/** All connections are in use and none came free in time. */
export class PoolBusyError extends Error {}

/** A connection on loan. One that was `kept` may have gone stale since; one just made has not. */
export interface Lease {
  readonly client: Client;
  readonly kept: boolean;
}

interface Idle {
  readonly client: Client;
  readonly since: number;
}

export class Pool {
  /** What the next hop offered last; undefined until it was first reached. */
  extensions: Extensions | undefined;
  readonly #options: PoolOptions;
  readonly #idle: Idle[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #sweeper: NodeJS.Timeout;
  #open = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), Math.max(50, options.idleTime / 4));
    this.#sweeper.unref();
  }

  /** Connections open now. */
  get size(): number {
    return this.#open;
  }

  /**
   * A connection of one's own until {@link release} or {@link discard}. Throws ClientError if the next hop
   * cannot be reached, {@link PoolBusyError} if no connection comes free in time.
   * With `fresh` a kept connection is not taken.
   */
  async acquire(fresh = false): Promise<Lease> {
    for (;;) {
      const kept = fresh ? undefined : this.takeKept();
      if (kept !== undefined) return kept;
      if (this.#open < this.#options.maxConnections) return { client: await this.#connect(), kept: false };
      const oldest = this.#idle.shift();
      if (oldest !== undefined) this.#drop(oldest.client);
      else await this.#wait();
    }
  }

  /** The same for a kept connection that is free now; undefined if there is none. */
  takeKept(): Lease | undefined {
    for (;;) {
      const client = this.#idle.pop()?.client;
      if (client === undefined) return undefined;
      if (client.usable) return { client, kept: true };
      this.#gone();
    }
  }

  /** Gives a connection back whose transaction is over and whose last reply was read. */
  release(client: Client): void {
    if (!client.usable || this.#closed) {
      this.discard(client);
      return;
    }
    // A next hop that takes no pipelined commands is reset now, while nobody waits for it.
    if (!client.used || client.extensions.pipelining) this.#keep(client);
    else
      client.reset().then(
        () => this.#keep(client),
        () => this.discard(client),
      );
  }

  /** Closes a connection that must not be used again; inside a message, without the dot. */
  discard(client: Client): void {
    client.destroy();
    this.#gone();
  }

  /** Connects anew and says QUIT: throws if the next hop does not answer. Not counted in the cap. */
  async probe(): Promise<void> {
    const client = await this.#make();
    this.extensions = client.extensions;
    client.quit();
  }

  /** Closes what is idle; connections on loan are closed when they come back. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#sweeper);
    for (const { client } of this.#idle.splice(0)) this.#drop(client);
  }

  #make(): Promise<Client> {
    const { connect, hop } = this.#options;
    return connect === undefined ? connectClient(hop) : connect();
  }

  async #connect(): Promise<Client> {
    this.#open += 1;
    const start = performance.now();
    try {
      const client = await this.#make();
      client.onIdleLoss = () => this.#lost(client);
      this.extensions = client.extensions;
      this.#options.onConnect?.((performance.now() - start) / 1000);
      return client;
    } catch (error) {
      this.#gone();
      this.#options.onConnectError?.(error);
      throw error;
    }
  }

  #keep(client: Client): void {
    if (this.#closed) {
      this.#drop(client);
      return;
    }
    this.#idle.push({ client, since: turnTime() });
    this.#waiting.shift()?.();
  }

  /** One that is on loan is not idle: it is found when it comes back. */
  #lost(client: Client): void {
    const index = this.#idle.findIndex((one) => one.client === client);
    if (index < 0) return;
    this.#idle.splice(index, 1);
    this.#gone();
  }

  #drop(client: Client): void {
    client.quit();
    this.#gone();
  }

  #gone(): void {
    this.#open -= 1;
    this.#waiting.shift()?.();
  }

  #wait(): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1);
        reject(new PoolBusyError('no connection came free'));
      }, this.#options.maxWait);
      this.#waiting.push(go);
    });
  }

  #sweep(): void {
    const limit = turnTime() - this.#options.idleTime;
    while (this.#idle[0] !== undefined && this.#idle[0].since < limit) {
      const oldest = this.#idle.shift();
      if (oldest !== undefined) this.#drop(oldest.client);
    }
  }
}
