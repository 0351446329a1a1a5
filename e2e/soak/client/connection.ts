/** A client's connection: it sends the bytes it is told at its pace, leaves where it is told, and measures its waits. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopback } from '../../up/ports.ts';
import { ByteReader } from '../byte-reader.ts';
import type { Random } from '../../../relay-src/testing/random.ts';

/** Where a client is in its session. `end` is the final dot, `verdict` the wait for its answer. */
export type Stage = 'command' | 'header' | 'body' | 'end' | 'verdict';

/** `chunks` of random length, with the turns of the event loop between them; `slow`: a byte at a time. */
export type Pace = 'whole' | 'chunks' | 'slow';

/** Where and how a client leaves: before the end of the so-manieth piece that it sends in this stage. */
export interface Leaving {
  readonly stage: Stage;
  readonly skip: number;
  readonly how: 'fin' | 'reset' | 'half-close';
}

export interface Manner {
  readonly pace: Pace;
  readonly leaving: Leaving | undefined;
}

/** The client left on purpose. */
export class Left extends Error {}

/** The relay closed the connection where it owed an answer, or took too long over it. */
export class Unanswered extends Error {}

/** A slow client sends so many octets of a piece one by one. */
const slowBytes = 1500;
/** How long a client that left reads on before it closes for good, in milliseconds. */
const lingering = 2000;

export class ClientConnection {
  readonly #socket: Socket;
  readonly #reader: ByteReader;
  readonly #random: Random;
  readonly #manner: Manner;
  #skipped = 0;
  /** When the client began to wait for its next reply. */
  #since = performance.now();

  private constructor(socket: Socket, random: Random, manner: Manner) {
    this.#socket = socket;
    this.#reader = new ByteReader(socket);
    this.#random = random;
    this.#manner = manner;
  }

  /** Throws {@link Unanswered} if nobody listens. */
  static async open(port: number, random: Random, manner: Manner): Promise<ClientConnection> {
    const socket = connect({ port, host: loopback, allowHalfOpen: true, noDelay: true });
    const opened = new ClientConnection(socket, random, manner);
    await once(socket, 'connect').catch((error: unknown) => {
      throw new Unanswered(`cannot connect: ${String(error)}`);
    });
    socket.on('error', () => undefined);
    return opened;
  }

  /** Sends bytes at the client's pace, or a part of them and leaves: {@link Left}. */
  async send(stage: Stage, bytes: Buffer | string): Promise<void> {
    const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    const { leaving } = this.#manner;
    const leaves = leaving?.stage === stage && this.#skipped++ === leaving.skip;
    const now = leaves && stage !== 'verdict' ? all.subarray(0, this.#random.whole(0, all.length - 1)) : all;
    await this.#write(now);
    if (leaves) await this.#leave(leaving.how);
    this.#since = performance.now();
  }

  async #write(bytes: Buffer): Promise<void> {
    const { pace } = this.#manner;
    for (let at = 0; at < bytes.length;) {
      const slowly = at < slowBytes ? 1 : 1000;
      const length = pace === 'whole' ? 65_536 : pace === 'slow' ? slowly : this.#random.spread(1, 20_000);
      if (!this.#socket.writable) return; // what the relay said last is still to be read
      if (!this.#socket.write(bytes.subarray(at, (at += length)))) await this.#drained();
      if (pace === 'slow' || (pace === 'chunks' && this.#random.chance(0.05))) await sleep(1);
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done);
        resolve();
      };
      this.#socket.on('drain', done).on('close', done);
    });
  }

  async #leave(how: Leaving['how']): Promise<never> {
    if (this.#random.chance(0.5)) await sleep(this.#random.spread(1, 200));
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.end();
    if (how === 'half-close') await sleep(this.#random.spread(1, lingering));
    this.#socket.destroySoon();
    throw new Left();
  }

  /** The lines of the next reply and how long it took in milliseconds. Throws {@link Unanswered}. */
  async reply(limit: number): Promise<{ lines: string[]; waited: number }> {
    const lines: string[] = [];
    const timer = setTimeout(() => this.#socket.destroy(), limit);
    try {
      while (lines.at(-1)?.[3] !== ' ') {
        const line = await this.#reader.line();
        if (line === undefined) {
          const waited = Math.round(performance.now() - this.#since);
          throw new Unanswered(`no reply, the connection ended after ${waited} ms; limit ${limit} ms`);
        }
        lines.push(line);
      }
    } finally {
      clearTimeout(timer);
    }
    const waited = performance.now() - this.#since;
    this.#since = performance.now();
    return { lines, waited };
  }

  /** Ends the connection in good order. */
  close(): void {
    this.#socket.destroySoon();
  }
}
