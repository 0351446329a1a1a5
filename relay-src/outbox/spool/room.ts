/** Free space: new mail leaves room for the records of what is here already. */
import { SpoolError, spoolError } from './errors.ts';
import type { Files, Free } from './files.ts';
import { within } from './within.ts';

/** Inodes that stay free. */
const reserveInodes = 100;
/** Milliseconds for which the free space is not asked again. */
const known = 1000;

export class Room {
  readonly #files: Files;
  readonly #folder: string;
  readonly #reserve: number;
  readonly #patience: number;
  #free: Free = { bytes: 0, inodes: 0 };
  #asked = -Infinity;

  /** `reserve` in octets; `patience` in milliseconds. */
  constructor(files: Files, folder: string, reserve: number, patience: number) {
    this.#files = files;
    this.#folder = folder;
    this.#reserve = reserve;
    this.#patience = patience;
  }

  /** Rejects with SpoolError if a message of so many octets does not fit. */
  async assert(size: number): Promise<void> {
    const { bytes, inodes } = await this.#now();
    if (bytes < this.#reserve + size || inodes < reserveInodes) {
      throw new SpoolError('full', `${bytes} octets and ${inodes} inodes are free in the spool`);
    }
  }

  /** Octets free for mail, as they were a moment ago. Rejects with SpoolError. */
  async bytes(): Promise<number> {
    const { bytes } = await this.#now();
    return Math.max(0, bytes - this.#reserve);
  }

  async #now(): Promise<Free> {
    if (performance.now() - this.#asked <= known) return this.#free;
    try {
      this.#free = await within(this.#patience, this.#files.free(this.#folder));
    } catch (error) {
      throw spoolError(error);
    }
    this.#asked = performance.now();
    return this.#free;
  }
}
