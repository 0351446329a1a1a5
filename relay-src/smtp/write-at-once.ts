/**
 * Short text to a TCP socket, handed to the system without Node's Writable in between. Its queue is for what the system
 * does not take at once, but it costs, for each reply of forty octets, twice as much as all else that Node does to write
 * it. The names are Node's own: in a Node that does not know them, sockets are written to as ever, and
 * `write-at-once.test.ts` fails.
 */
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { types } from 'node:util';

/** What Node writes to below a Socket: libuv's stream. */
interface Handle {
  /** 0, or a negative error. What the system does not take at once is kept with the request. */
  writeLatin1String(request: Request, text: string): number;
}

/** The other party of a write that does not end at once. */
interface Request {
  oncomplete?: (status: number) => void;
}

/** What Node's own streams use. */
interface Binding {
  readonly WriteWrap: new () => Request;
  /** Numbers about the last call. */
  readonly streamBaseState: Int32Array;
  /** Index of the one that says whether the request is in use now. */
  readonly kLastWriteWasAsync: number;
}

const binding = loadBinding();
/** Not used up yet: a write that ends at once does not need its request. */
let spare: Request | undefined;
/** The system has not taken all that was said to them. */
const behind = new WeakSet<Writable>();

/**
 * Writes text, one character an octet (latin1). False if that is not possible now, because something waits before it or the
 * socket is not a plain one: then nothing was done.
 */
export function writeAtOnce(socket: Writable, text: string): boolean {
  if (socket.writableLength > 0 || socket.writableCorked > 0 || behind.has(socket)) return false;
  const handle = handleOf(socket);
  if (handle === undefined || binding === undefined) return false;
  spare ??= new binding.WriteWrap();
  if (handle.writeLatin1String(spare, text) !== 0) {
    spare = undefined;
    return false; // an ordinary write finds the error again, and tells the socket
  }
  if (binding.streamBaseState[binding.kLastWriteWasAsync] !== 0) keep(socket, spare);
  return true;
}

/** Until the rest is written, Node's own queue takes what follows, so that whoever says too much hears of it. */
function keep(socket: Writable, request: Request): void {
  spare = undefined;
  behind.add(socket);
  request.oncomplete = (status) => {
    behind.delete(socket);
    if (status < 0) socket.destroy();
  };
}

/** Of a connected TCP socket; what is written to an encrypted one, of another class, is not yet what leaves. */
function handleOf(socket: Writable): Handle | undefined {
  if (!(socket instanceof Socket) || socket.constructor !== Socket || socket.connecting) return undefined;
  return '_handle' in socket && isHandle(socket._handle) ? socket._handle : undefined;
}

/** Null once the socket is destroyed. */
const isHandle = (handle: unknown): handle is Handle => handle !== null && handle !== undefined;

/** Undefined in a Node that has no such thing, or under another name. */
function loadBinding(): Binding | undefined {
  const load: unknown = Reflect.get(process, 'binding');
  if (typeof load !== 'function') return undefined;
  try {
    const found: unknown = load.call(process, 'stream_wrap');
    return isBinding(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function isBinding(found: unknown): found is Binding {
  return (
    typeof found === 'object' &&
    found !== null &&
    'WriteWrap' in found &&
    typeof found.WriteWrap === 'function' &&
    'streamBaseState' in found &&
    types.isInt32Array(found.streamBaseState) &&
    'kLastWriteWasAsync' in found &&
    typeof found.kLastWriteWasAsync === 'number'
  );
}
