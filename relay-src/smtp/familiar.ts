/**
 * What was read last, by its octets: peers say the same few lines for every message, and to compare with eight of them costs
 * less than to make a string of one.
 */
const places = 8;
/** Octets of a line that is worth a place. */
const longest = 80;

/** Lines with what was made of them. */
export class Familiar<T> {
  readonly #lines: { readonly octets: Buffer; readonly value: T }[] = [];
  #oldest = 0;

  /** The line that `bytes` hold from `start` on, within `end`. */
  find(
    bytes: Buffer,
    start: number,
    end: number,
  ): { readonly octets: Buffer; readonly value: T } | undefined {
    for (const line of this.#lines) {
      const { octets } = line;
      if (octets.length > end - start) continue;
      let same = 0;
      while (same < octets.length && octets[same] === bytes[start + same]) same += 1;
      if (same === octets.length) return line;
    }
    return undefined;
  }

  /** Puts a line, with its end, in the place of the one that was added first. */
  add(octets: Buffer, value: T): void {
    if (octets.length > longest) return;
    this.#lines[this.#oldest] = { octets, value };
    this.#oldest = (this.#oldest + 1) % places;
  }
}
