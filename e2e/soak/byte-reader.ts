import type { Socket } from 'node:net';

/** More than this is not taken off the socket before it is asked for, so that the peer feels it. */
const mostBuffered = 262_144;

/** The bytes of a socket, as many as one asks for, in the order of their arrival. */
export class ByteReader {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on('data', (bytes) => {
      this.#chunks.push(bytes);
      this.#buffered += bytes.length;
      if (this.#buffered > mostBuffered) socket.pause();
      this.#wake?.();
    });
    socket.on('end', end);
    socket.on('close', end);
  }

  /** True once the peer sent its last byte. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Everything that came since, at least one byte; undefined when nothing more can come. */
  async chunk(): Promise<Buffer | undefined> {
    while (this.#buffered === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#buffered = 0;
    if (this.#socket.isPaused()) this.#socket.resume();
    return bytes;
  }

  /** Puts bytes back in front. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#chunks.unshift(bytes);
    this.#buffered += bytes.length;
  }

  /** The next line without its CRLF, octets as characters; undefined when the peer left without ending one. */
  async line(): Promise<string | undefined> {
    let begun = Buffer.alloc(0);
    for (;;) {
      const end = begun.indexOf('\r\n');
      if (end >= 0) {
        this.unread(begun.subarray(end + 2));
        return begun.toString('latin1', 0, end);
      }
      const more = await this.chunk();
      if (more === undefined) return undefined;
      begun = Buffer.concat([begun, more]);
    }
  }
}
