/** A message on its way into the spool: its body in a file that nobody will find until the record is committed. */
import { createHash } from 'node:crypto';
import type { Files, OpenFile } from './files.ts';

/** Octets kept in memory before they are written: most messages are written at once, at their end. */
const chunkBytes = 262_144;
/** Octets that may wait for the disk before the client has to. */
const maxWaiting = 1_048_576;

/** The file of a body; made with the first octets that do not stay in memory. */
export class BodyFile {
  readonly path: string;
  readonly #files: Files;
  readonly #hash = createHash('sha256');
  #pieces: Buffer[] = [];
  #buffered = 0;
  /** Octets handed to the disk and not written yet. */
  #writing = 0;
  #file: OpenFile | undefined;
  #written: Promise<void> = Promise.resolve();
  #size = 0;
  #created = false;
  #gone = false;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.path = path;
  }

  get size(): number {
    return this.#size;
  }

  write(piece: Buffer): void {
    this.#hash.update(piece);
    this.#size += piece.length;
    this.#pieces.push(piece);
    this.#buffered += piece.length;
    if (this.#buffered >= chunkBytes) this.#flush();
  }

  /** Undefined if more may come now. Never rejects: what went wrong comes out at the end. */
  drained(): Promise<void> | undefined {
    return this.#writing < maxWaiting ? undefined : this.#written.catch(() => undefined);
  }

  /** All of it so far. */
  async content(): Promise<Buffer> {
    if (this.#file === undefined && this.#writing === 0) return Buffer.concat(this.#pieces);
    this.#flush();
    await this.#written;
    const content = await this.#files.read(this.path);
    if (content === undefined) throw new Error(`${this.path} is gone`);
    return content;
  }

  /** SHA-256 in hexadecimal; nothing may be written after it. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  /** Resolves when all of it is on disk. */
  async sync(): Promise<void> {
    this.#flush();
    await this.#written;
    await this.#file?.sync();
  }

  /** The file stays where it is. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /** The file goes, if it still is where it was made. */
  async discard(): Promise<void> {
    this.#gone = true;
    this.#pieces = [];
    await this.#written.catch(() => undefined);
    await this.close().catch(() => undefined);
    if (this.#created) await this.#files.remove(this.path);
  }

  /** Also makes the file of an empty message. */
  #flush(): void {
    if (this.#pieces.length === 0 && (this.#size > 0 || this.#file !== undefined)) return;
    const pieces = this.#pieces;
    const octets = this.#buffered;
    this.#pieces = [];
    this.#buffered = 0;
    this.#writing += octets;
    this.#written = this.#written.then(async () => {
      if (this.#gone) return;
      this.#file ??= await this.#files.create(this.path);
      this.#created = true;
      await this.#file.write(pieces);
      this.#writing -= octets;
    });
    // It is looked at in `sync` or `discard`; until then it is not unhandled.
    this.#written.catch(() => undefined);
  }
}

/** Writes a small file that must not exist yet, and resolves when its content is on disk. */
export async function writeNew(files: Files, path: string, content: Buffer): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write([content]);
    await file.sync();
  } finally {
    await file.close().catch(() => undefined);
  }
}
