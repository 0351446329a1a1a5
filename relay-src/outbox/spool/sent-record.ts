/**
 * The record of what was sent: JSON lines, oldest first, in files of a bounded number and size. A line on disk is
 * the mark that its message has left for good: whatever is found of it afterwards is removed. It also keeps the keys
 * by which a message that is handed in again is known.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { Files, OpenFile } from './files.ts';
import type { Message } from './message.ts';

const line = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  result: z.enum(['sent', 'deleted']),
  key: z.string().optional(),
});

/** What left the spool. The rest of a line is for people. */
export interface Departure {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly result: 'sent' | 'deleted';
  readonly key: string | undefined;
}

export interface SentBounds {
  /** Octets of one file, about, and of all together. */
  readonly fileBytes: number;
  readonly totalBytes: number;
  /** Milliseconds that a line is kept, unless there are too many. */
  readonly age: number;
}

export const sentBounds: SentBounds = {
  fileBytes: 4 * 2 ** 20,
  totalBytes: 64 * 2 ** 20,
  age: 7 * 24 * 3_600_000,
};

const fileForm = /^\d{8}\.jsonl$/;
const fileName = (number: number): string => `${String(number).padStart(8, '0')}.jsonl`;
const newline = Buffer.from('\n');

interface Segment {
  readonly name: string;
  bytes: number;
  /** Time of its newest line; 0 for none. */
  newest: number;
  /** It ends within a line, which a crash or a full disk cut short. */
  readonly torn: boolean;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly at: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One process at a time may have it open. */
export class SentRecord {
  readonly #files: Files;
  readonly #folder: string;
  readonly #bounds: SentBounds;
  /** Called before lines are dropped: after it, nothing may be left on disk of their messages. */
  readonly #beforeDrop: () => Promise<void>;
  /** Oldest first; the last one is written to. */
  readonly #segments: Segment[] = [];
  #file: OpenFile | undefined;
  /** False after a failure: the last file may end in half a line, and must not be synced again. */
  #continue = true;
  #number = 0;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(files: Files, folder: string, beforeDrop: () => Promise<void>, bounds = sentBounds) {
    this.#files = files;
    this.#folder = folder;
    this.#bounds = bounds;
    this.#beforeDrop = beforeDrop;
  }

  /** Reads what earlier processes recorded, oldest first. A line that was cut short is passed over. */
  async load(): Promise<Departure[]> {
    const departures: Departure[] = [];
    const found = (await this.#files.list(this.#folder)).filter((name) => fileForm.test(name)).toSorted();
    for (const name of found) {
      const bytes = (await this.#files.read(join(this.#folder, name))) ?? Buffer.alloc(0);
      let newest = 0;
      for (const text of bytes.toString().split('\n')) {
        const departure = parseLine(text);
        if (departure === undefined) continue;
        departures.push(departure);
        newest = Math.max(newest, departure.at);
      }
      const torn = bytes.length > 0 && bytes.at(-1) !== newline[0];
      this.#segments.push({ name, bytes: bytes.length, newest, torn });
      this.#number = Number(name.slice(0, 8));
    }
    return departures;
  }

  /**
   * Resolves when the line is on disk. Lines that wait at the same time share one write and one fsync. `details`
   * are for people.
   */
  append(departure: Departure, details: object): Promise<void> {
    const { at, ...rest } = departure;
    const text = JSON.stringify({ ...rest, at: new Date(at).toISOString(), ...details });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes: Buffer.from(`${text}\n`), at, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#closeFile();
  }

  async #write(): Promise<void> {
    // Those who come in the same turn share it.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeBatch(batch);
        for (const one of batch) one.resolve();
      } catch (error) {
        this.#continue = false;
        await this.#closeFile();
        for (const one of batch) one.reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { file, segment } = await this.#current();
    const pieces = batch.map(({ bytes }) => bytes);
    await file.write(pieces);
    await file.sync();
    segment.bytes += pieces.reduce((sum, { length }) => sum + length, 0);
    segment.newest = Math.max(segment.newest, batch.at(-1)?.at ?? 0);
  }

  async #current(): Promise<{ file: OpenFile; segment: Segment }> {
    const last = this.#segments.at(-1);
    if (last !== undefined && this.#continue && last.bytes < this.#bounds.fileBytes) {
      this.#file ??= await this.#reopen(last);
      return { file: this.#file, segment: last };
    }
    await this.#closeFile();
    await this.#drop();
    this.#number += 1;
    const segment = { name: fileName(this.#number), bytes: 0, newest: 0, torn: false };
    const file = await this.#files.create(join(this.#folder, segment.name));
    this.#file = file;
    // Before a line in it counts, its name must be on disk.
    await this.#files.syncFolder(this.#folder);
    this.#segments.push(segment);
    this.#continue = true;
    return { file, segment };
  }

  async #reopen(segment: Segment): Promise<OpenFile> {
    const file = await this.#files.append(join(this.#folder, segment.name));
    if (segment.torn) await file.write([newline]);
    return file;
  }

  /** Drops files that are over the bounds. */
  async #drop(): Promise<void> {
    const before = Date.now() - this.#bounds.age;
    let excess = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0) - this.#bounds.totalBytes;
    const old = this.#segments.filter(({ newest, bytes }) => {
      const drop = excess > 0 || newest < before;
      excess -= bytes;
      return drop;
    });
    if (old.length === 0) return;
    await this.#beforeDrop();
    for (const segment of old) {
      await this.#files.remove(join(this.#folder, segment.name));
      this.#segments.splice(this.#segments.indexOf(segment), 1);
    }
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }
}

function parseLine(text: string): Departure | undefined {
  if (text === '') return undefined;
  try {
    const { id, at, result, key } = line.parse(JSON.parse(text));
    return { id, at: Date.parse(at), result, key };
  } catch {
    return undefined;
  }
}

/** What people want to know of a message that is gone. */
export function detailsOf(message: Message | undefined, answer: string): object {
  if (message === undefined) return { answer };
  const { accepted, attemptCount, recipients, sender, size, tx } = message;
  return {
    accepted: new Date(accepted).toISOString(),
    sender,
    recipients,
    size,
    tx,
    attempts: attemptCount,
    answer,
  };
}
