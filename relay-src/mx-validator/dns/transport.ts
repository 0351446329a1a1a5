/**
 * One question to one server: over UDP, and again over TCP when the answer says that it was cut
 * (RFC 7766 5). Each query has a socket of its own, so a forger must guess the source port as well as
 * the id (RFC 5452 9.2), and the socket is connected, so the kernel drops packets from any other address.
 */

import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { DecodedPacket } from 'dns-packet';
import { decodeAnswer } from './message.ts';
import type { Query } from './message.ts';
import type { Server } from './resolv-conf.ts';
import type { TroubleCause } from './verdict.ts';

/** No usable answer from this server. */
export class NoAnswer extends Error {
  readonly trouble: TroubleCause;
  constructor(trouble: TroubleCause, options?: ErrorOptions) {
    super(trouble, options);
    this.trouble = trouble;
  }
}

/** So many wrong answers to one query are no accident; TCP cannot be forged from aside (RFC 5452 9.1). */
const maxForgeries = 3;

export interface Patience {
  /** For each transport, in milliseconds. */
  readonly milliseconds: number;
  /** Ends the exchange early; its reason should be a NoAnswer. */
  readonly signal: AbortSignal;
}

/**
 * Sends the query and waits for its answer.
 *
 * @throws NoAnswer
 */
export async function exchange(server: Server, query: Query, patience: Patience): Promise<DecodedPacket> {
  const answer = await overUdp(server, query, patience);
  if (answer !== undefined && !answer.flag_tc) return answer;
  return overTcp(server, query, patience);
}

/** Undefined when UDP cannot be trusted for this query. */
function overUdp(server: Server, query: Query, patience: Patience): Promise<DecodedPacket | undefined> {
  return withPatience(patience, (resolve, reject) => {
    const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
    let forgeries = 0;
    socket.on('error', (error) => {
      reject(new NoAnswer('unreachable', { cause: error }));
    });
    socket.on('message', (bytes) => {
      const answer = attempt(() => decodeAnswer(query, bytes), reject);
      if (answer !== undefined) resolve(answer);
      else if (++forgeries === maxForgeries) resolve(undefined);
    });
    // The event, not the callback of connect: that one would swallow an unreachable network.
    socket.on('connect', () => {
      socket.send(query.bytes);
    });
    socket.connect(server.port, server.address);
    return () => {
      socket.close();
    };
  });
}

function overTcp(server: Server, query: Query, patience: Patience): Promise<DecodedPacket> {
  return withPatience(patience, (resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port });
    let received = Buffer.alloc(0);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.bytes.length);
    // Length and message in one segment: some servers read only once (RFC 7766 8).
    socket.write(Buffer.concat([length, query.bytes]));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const end = 2 + received.readUInt16BE(0);
      if (received.length < end) return;
      const message = received.subarray(2, end);
      const answer = attempt(() => decodeAnswer(query, message), reject);
      if (answer === undefined || answer.flag_tc) reject(new NoAnswer('malformed'));
      else resolve(answer);
    });
    socket.on('error', (error) => {
      reject(new NoAnswer('unreachable', { cause: error }));
    });
    socket.on('close', () => {
      reject(new NoAnswer('unreachable'));
    });
    return () => {
      socket.destroy();
    };
  });
}

/** A promise that ends when patience does at the latest, and frees its socket however it ends. */
async function withPatience<T>(
  { milliseconds, signal }: Patience,
  start: (resolve: (value: T) => void, reject: (error: NoAnswer) => void) => () => void,
): Promise<T> {
  const cleanup: (() => void)[] = [];
  try {
    return await new Promise<T>((resolve, reject) => {
      const stop = (): void => {
        reject(signal.reason instanceof NoAnswer ? signal.reason : new NoAnswer('timeout'));
      };
      if (signal.aborted) {
        stop();
        return;
      }
      const timeout = setTimeout(stop, milliseconds);
      signal.addEventListener('abort', stop);
      cleanup.push(start(resolve, reject), () => {
        clearTimeout(timeout);
        signal.removeEventListener('abort', stop);
      });
    });
  } finally {
    for (const release of cleanup) release();
  }
}

/** Runs a decoder; what it throws becomes a malformed answer. */
function attempt<T>(decode: () => T, reject: (error: NoAnswer) => void): T | undefined {
  try {
    return decode();
  } catch (error) {
    reject(new NoAnswer('malformed', { cause: error }));
    return undefined;
  }
}
