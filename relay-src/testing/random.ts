import { createCipheriv, createHash, type Cipheriv } from 'node:crypto';

/** Octets of the key stream that are made at a time. */
const poolBytes = 1024;

/**
 * A source of choices that a seed determines. Who needs choices of their own takes a fork with a name, so that
 * what one client or connection draws never depends on how fast another one is.
 */
export class Random {
  readonly #seed: string;
  readonly #stream: Cipheriv;
  #pool = Buffer.alloc(0);

  constructor(seed: string) {
    this.#seed = seed;
    const key = createHash('sha256').update(seed).digest();
    this.#stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  fork(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** From 0 to below 1. */
  fraction(): number {
    if (this.#pool.length < 4) this.#pool = this.#stream.update(Buffer.alloc(poolBytes));
    const value = this.#pool.readUInt32LE(0) / 2 ** 32;
    this.#pool = this.#pool.subarray(4);
    return value;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** A number whose logarithm is evenly spread: as many from 1 to 10 as from 10 to 100. */
  spread(low: number, high: number): number {
    return Math.round(low * (high / low) ** this.fraction());
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<const T>(values: readonly T[]): T {
    const value = values[Math.floor(this.fraction() * values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  /** One of the values, each as often as its weight says. */
  weighted<const T>(values: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.fraction() * values.reduce((sum, [weight]) => sum + weight, 0);
    const found = values.find(([weight]) => (left -= weight) < 0);
    if (found === undefined) throw new Error('nothing to pick from');
    return found[1];
  }
}
