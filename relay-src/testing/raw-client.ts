/** A client for tests that sends exactly the bytes it is told, in one write or one byte at a time. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';

export type Pace = 'whole' | 'bytewise';

export class RawClient {
  /** Everything received, for a failure message. */
  transcript = '';
  #socket: Socket;
  readonly #pace: Pace;
  #input = '';
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, pace: Pace) {
    this.#socket = socket;
    this.#pace = pace;
    this.#listen(socket);
  }

  #listen(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.#input += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static async connect(port: number, pace: Pace = 'whole'): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return new RawClient(socket, pace);
  }

  /** The TLS handshake after a positive reply to STARTTLS. The certificate is not checked. */
  async startTls(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners();
    const secure = connectTls({ socket: plain, rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    this.#socket = secure;
    this.#listen(secure);
  }

  /** Sends bytes; resolves when they are with the kernel. */
  async send(bytes: Buffer | string): Promise<void> {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    this.transcript += `> ${JSON.stringify(buffer.toString('latin1').slice(0, 200))}\n`;
    if (this.#pace === 'whole') {
      this.#socket.write(buffer);
      return;
    }
    for (let i = 0; i < buffer.length && !this.#ended; i += 1) {
      this.#socket.write(buffer.subarray(i, i + 1));
      // One turn of the loop lets the relay, in the same process, read this byte alone.
      await turn();
    }
  }

  /** The next line without its CRLF; undefined when the connection is closed. Throws after `wait` ms. */
  async line(wait = 5000): Promise<string | undefined> {
    const deadline = Date.now() + wait;
    for (;;) {
      const end = this.#input.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#input.slice(0, end);
        this.#input = this.#input.slice(end + 2);
        this.transcript += `< ${line}\n`;
        return line;
      }
      if (this.#ended) return undefined;
      await this.#more(deadline - Date.now());
    }
  }

  /** The next whole reply, e.g. ['250-a', '250 b']. */
  async reply(wait?: number): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line(wait);
      if (line === undefined) return lines;
      lines.push(line);
      if (line[3] !== '-') return lines;
    }
  }

  /** Sends a command and returns its reply. */
  async ask(command: string, wait?: number): Promise<string[]> {
    await this.send(`${command}\r\n`);
    return this.reply(wait);
  }

  /** FIN, or RST. */
  close(how: 'fin' | 'reset' = 'fin'): void {
    if (how === 'reset') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #more(wait: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nothing came:\n${this.transcript}`)),
        Math.max(wait, 0),
      );
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
