/**
 * Bytes that are held back, in memory of our own: the caller may reuse its chunks, and appending one
 * byte at a time stays linear.
 */
export class GrowingBuffer {
  #memory: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A view that is valid until the next `append`. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  append(source: Buffer, from = 0, to = source.length): void {
    const length = this.#length + to - from;
    if (length > this.#memory.length) {
      const memory = Buffer.allocUnsafe(Math.max(256, 2 * length));
      this.#memory.copy(memory, 0, 0, this.#length);
      this.#memory = memory;
    }
    source.copy(this.#memory, this.#length, from, to);
    this.#length = length;
  }

  /** Hands the bytes over: the memory is the receiver's, and this buffer is empty. */
  take(): Buffer {
    const bytes = this.bytes;
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }

  /** Forgets the bytes and keeps the memory for the next ones. */
  clear(): void {
    this.#length = 0;
  }
}
