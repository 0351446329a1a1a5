/**
 * One buffer for the reads of all accepted connections. Node takes 64 KiB for each read, cuts them down after it, and
 * leads the octets through the queue of a Readable: for a command of forty octets that is most of what reading costs.
 * net.connect has the option `onread` against it, net.Server has none; so this sets for an accepted socket what
 * `onread` sets for a connecting one. Those are Node's own names: in a Node that does not know them, sockets are
 * read as ever, and `read-buffer.test.ts` fails.
 */
import type { Socket } from 'node:net';

/** What one read takes at most, once the one before has filled its buffer: few long reads cost less than many. */
export const longRead = 131_072;

/** As much as Node's own reads. A read is handled before the next one begins, so that one buffer does for all. */
const shared = Buffer.allocUnsafeSlow(65_536);

/** To be called before the socket is read. Its `data` and `end`, pausing and back-pressure stay what they are. */
export function readIntoSharedBuffer(socket: Socket): void {
  const handle: unknown = Reflect.get(socket, '_handle');
  names ??= namesIn(socket);
  if (names === 'unknown' || !takesBuffers(handle)) return;
  let buffer = shared;
  const onRead = (length: number): boolean => {
    const full = length === buffer.length;
    const chunk = full && buffer !== shared ? buffer : copied(buffer, length);
    // Of a long message: the next read is handed on as it is, if it fills its buffer too.
    buffer = full ? Buffer.allocUnsafeSlow(longRead) : shared;
    if (socket.readableFlowing !== true || socket.readableLength > 0) return socket.push(chunk);
    socket.emit('data', chunk);
    return true;
  };
  Reflect.set(socket, names.buffer, shared);
  Reflect.set(socket, names.onRead, onRead);
  Reflect.set(socket, names.nextBuffer, () => buffer);
  handle.useUserBuffer(shared);
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

/** Without the second copy that Buffer.copyBytesFrom makes. */
function copied(buffer: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length);
  buffer.copy(copy, 0, 0, length);
  return copy;
}

function takesBuffers(handle: unknown): handle is { useUserBuffer(buffer: Buffer): void } {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle;
}
