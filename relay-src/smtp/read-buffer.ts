/**
 * One buffer for the reads of all accepted connections. Node takes 64 KiB for each read, cuts them down after it, and
 * leads the octets through the queue of a Readable: for a command of forty octets that is most of what reading costs.
 * net.connect has the option `onread` against it, net.Server has none; so this sets for an accepted socket what
 * `onread` sets for a connecting one. Those are Node's own names: in a Node that does not know them, sockets are
 * read as ever, and `read-buffer.test.ts` fails.
 */
import type { Socket } from 'node:net';

/**
 * What one read takes at most, once the one before has filled its buffer: few long reads cost less than many. From
 * 128 KiB on, malloc would map fresh memory for each.
 */
export const longRead = 126_976;

/** As much as Node's own reads. A read is handled before the next one begins, so that one buffer does for all. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** Buffers for long reads at one time, of all connections: a client that stalls holds one. */
const maxLongBuffers = 128;
let longBuffers = 0;

/** Who is handed what was read. */
export interface Reader {
  /** What is read now may be kept for longer than it takes to look at it. */
  readonly keeps: boolean;
  /**
   * Takes the first `length` octets of `memory`, which the next read writes over, and so needs no copy of them. False if
   * it wants one, as `data` of the socket.
   */
  take(memory: Buffer, length: number): boolean;
}

/** To be called before the socket is read. Its `data` and `end`, pausing and back-pressure stay what they are. */
export function readIntoSharedBuffer(socket: Socket, reader: Reader): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  names ??= namesIn(socket);
  if (names === 'unknown' || !takesBuffers(handle)) return;
  let buffer = shared;
  let watched = false;
  const giveUp = (): void => {
    if (buffer !== shared) longBuffers -= 1;
    buffer = shared;
  };
  const onRead = (length: number): boolean => {
    if (flows(socket) && reader.take(buffer, length)) {
      giveUp();
      return !socket.isPaused();
    }
    const full = length === buffer.length;
    const chunk = full && buffer !== shared ? buffer : copied(buffer, length, reader.keeps);
    giveUp();
    const more = handOn(socket, chunk);
    // Of a long message: the next read is handed on as it is, if it fills its buffer too.
    if (full && more && !reader.keeps && !socket.destroyed && longBuffers < maxLongBuffers) {
      buffer = Buffer.allocUnsafeSlow(longRead);
      longBuffers += 1;
      if (!watched) socket.once('close', giveUp);
      watched = true;
    }
    return more;
  };
  Reflect.set(socket, names.buffer, shared);
  Reflect.set(socket, names.onRead, onRead);
  // Node looks closely at each buffer that it is given, and keeps the one it has if it is given none.
  let given = shared;
  const nextBuffer = (): Buffer | undefined => {
    if (buffer === given) return undefined;
    given = buffer;
    return buffer;
  };
  Reflect.set(socket, names.nextBuffer, nextBuffer);
  handle.useUserBuffer(shared);
}

/** What comes now would be the next `data`. */
function flows(socket: Socket): boolean {
  return socket.readableFlowing === true && socket.readableLength === 0;
}

/** False if the socket is not to be read any further for now. */
function handOn(socket: Socket, chunk: Buffer): boolean {
  if (!flows(socket)) return socket.push(chunk);
  socket.emit('data', chunk);
  return !socket.isPaused();
}

interface Names {
  readonly buffer: symbol;
  readonly onRead: symbol;
  readonly nextBuffer: symbol;
}

let names: Names | 'unknown' | undefined;

function namesIn(socket: Socket): Names | 'unknown' {
  const [buffer, onRead, nextBuffer] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) =>
    Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === name),
  );
  const known = buffer !== undefined && onRead !== undefined && nextBuffer !== undefined;
  return known ? { buffer, onRead, nextBuffer } : 'unknown';
}

/** Short reads that are not kept for long share memory, which is taken a slab at a time. */
const slabSize = 8192;
let slab = Buffer.allocUnsafeSlow(slabSize);
let used = 0;

/** In memory of its own size if it is kept: it would keep all of its slab. */
function copied(from: Buffer, length: number, kept: boolean): Buffer {
  let copy: Buffer;
  if (kept || length > slabSize / 2) {
    copy = Buffer.allocUnsafeSlow(length);
  } else {
    if (used + length > slabSize) {
      slab = Buffer.allocUnsafeSlow(slabSize);
      used = 0;
    }
    copy = slab.subarray(used, used + length);
    used += length;
  }
  from.copy(copy, 0, 0, length);
  return copy;
}

function takesBuffers(handle: unknown): handle is { useUserBuffer(buffer: Buffer): void } {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle;
}
