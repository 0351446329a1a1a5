const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const dash = 0x2d;
const space = 0x20;
const tab = 0x09;

/**
 * A search for these octets finds the lines to look at. It takes time with the product of both lengths if they nearly
 * match all along, and a boundary may be as long as a line.
 */
const longestNeedle = 64;

/** A multipart whose last part has not ended. */
export interface OpenMultipart {
  /** `--` and the boundary. */
  readonly delimiter: Buffer;
  /** How many multiparts and messages it is inside of, itself included. */
  readonly depth: number;
  /** It is, or is inside of, a multipart/signed. */
  readonly signed: boolean;
  readonly digest: boolean;
  kept: number;
  cut: number;
}

/** A delimiter line: which of the open multiparts it belongs to, and whether it ends it. */
export interface Delimiter {
  readonly multipart: OpenMultipart;
  readonly closes: boolean;
}

/**
 * The multiparts that are open at one point of a message, outermost first, and the delimiter rules of
 * RFC 2046 5.1.1.
 */
export class Boundaries {
  readonly #open: OpenMultipart[] = [];
  /** Per open multipart: what all delimiters up to it begin with, or part of that. */
  readonly #needles: Buffer[] = [];

  get innermost(): OpenMultipart | undefined {
    return this.#open.at(-1);
  }

  /** Stands wherever a delimiter line of any open multipart starts; undefined if none is open. */
  get needle(): Buffer | undefined {
    return this.#needles.at(-1);
  }

  open(multipart: OpenMultipart): void {
    const { needle } = this;
    const { delimiter } = multipart;
    this.#open.push(multipart);
    const beginning = delimiter.subarray(0, longestNeedle);
    this.#needles.push(needle ? commonPrefix(needle, beginning) : beginning);
  }

  /** Ends the innermost one. */
  close(): void {
    this.#open.pop();
    this.#needles.pop();
  }

  /**
   * The delimiter that a line is. With several candidates the longest boundary wins (`--a--` ends `a`, or
   * is a part of `a--`), and of equal ones the innermost.
   *
   * @param chunk holds the line, or its beginning, from `from` to at most `to`
   * @param last nothing comes after `to`: the message ends there
   * @returns 'more' if the line is incomplete and can still become a delimiter; undefined if it is none
   */
  match(chunk: Buffer, from: number, to: number, last: boolean): Delimiter | 'more' | undefined {
    let best: Delimiter | undefined;
    for (let index = this.#open.length - 1; index >= 0; index -= 1) {
      const multipart = this.#open[index];
      if (!multipart) break;
      const fit = fits(multipart.delimiter, chunk, from, to, last);
      if (fit === 'more') return fit;
      if (fit && multipart.delimiter.length > (best?.multipart.delimiter.length ?? 0)) {
        best = { multipart, closes: fit === 'end' };
      }
    }
    return best;
  }
}

/** The line is the delimiter, then `--` if it ends the multipart, then padding, then a line end. */
function fits(
  delimiter: Buffer,
  chunk: Buffer,
  from: number,
  to: number,
  last: boolean,
): 'part' | 'end' | 'more' | undefined {
  const unfinished = last ? undefined : 'more';
  for (let index = 0; index < delimiter.length; index += 1) {
    if (from + index === to) return unfinished;
    if (chunk[from + index] !== delimiter[index]) return undefined;
  }
  let at = from + delimiter.length;
  const ends = at < to && chunk[at] === dash;
  if (ends) {
    if (at + 1 === to) return unfinished;
    if (chunk[at + 1] !== dash) return undefined;
    at += 2;
  }
  while (at < to && (chunk[at] === space || chunk[at] === tab)) at += 1;
  if (at < to && chunk[at] === carriageReturn) at += 1;
  if (at === to) return last ? (ends ? 'end' : 'part') : 'more';
  return chunk[at] === lineFeed ? (ends ? 'end' : 'part') : undefined;
}

function commonPrefix(a: Buffer, b: Buffer): Buffer {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return a.subarray(0, length);
}
