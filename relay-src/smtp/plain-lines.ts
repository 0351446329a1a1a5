/**
 * The lines of a message that need no closer look, found at the speed of memory. Nearly all bytes of large messages
 * are such lines, and looking for their ends one by one took a third of the time that such a message costs.
 *
 * The search is in plain-lines.wat: 16 octets at a time, which JavaScript cannot do.
 */
import { plainLinesModule } from './plain-lines.wasm.ts';

/** Shorter chunks are not worth the copy. */
const worthwhile = 512;
const page = 65_536;
/** Octets that are looked at together: of the lines that end among them, only the first one's length is. */
const block = 16;

type Search = (line: number, end: number, longest: number) => number;

interface Engine {
  readonly memory: WebAssembly.Memory;
  readonly search: Search;
}

/** Undefined on a processor without the vector instructions (x86-64 before SSE 4.1): every line gets the closer look. */
const engine = instantiate(Buffer.from(plainLinesModule, 'base64'));

function instantiate(code: Buffer<ArrayBuffer>): Engine | undefined {
  if (!WebAssembly.validate(code)) return undefined;
  const { memory, search } = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof search !== 'function') return undefined;
  return { memory, search: (...range) => Number(search(...range)) };
}

/** Chunks that were loaded so far; the octets of the last one lie in the engine's memory. */
let loads = 0;

/** One chunk of a message, whose octets must not change meanwhile. */
export class PlainLines {
  readonly #chunk: Buffer;
  readonly #engine: Engine | undefined;
  /** The number of our load; -1 before it. */
  #load = -1;

  constructor(chunk: Buffer) {
    this.#chunk = chunk;
    this.#engine = chunk.length < worthwhile ? undefined : engine;
  }

  /**
   * A line begins at `line`. Returns where a later one begins, if all lines between are plain: each ends with CRLF, holds no
   * other CR or LF, does not begin with a dot and is at most `longest` octets long. Else, or if it cannot tell, `line`.
   */
  skip(line: number, longest: number): number {
    if (this.#engine === undefined || longest < block) return line;
    if (this.#load !== loads) this.#fill(this.#engine.memory);
    return this.#engine.search(line, this.#chunk.length, longest);
  }

  #fill(memory: WebAssembly.Memory): void {
    const missing = this.#chunk.length - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / page));
    new Uint8Array(memory.buffer).set(this.#chunk);
    loads += 1;
    this.#load = loads;
  }
}
