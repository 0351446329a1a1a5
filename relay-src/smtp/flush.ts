/**
 * Writes that wait for the end of this turn of the event loop. A system call for each write, and the wake-up of
 * its reader, are half of what a small message costs; at the end of a turn, all that goes to one peer leaves in
 * one, and peers are woken in one go.
 */
import type { Socket } from 'node:net';

let waiting = new Set<Socket>();

/** Holds back what is written to this socket, corked or not, until all events of this turn are handled. */
export function flushSoon(socket: Socket): void {
  if (waiting.has(socket)) return;
  if (waiting.size === 0) setImmediate(flush);
  waiting.add(socket);
  socket.cork();
}

function flush(): void {
  const sockets = waiting;
  waiting = new Set();
  for (const socket of sockets) socket.uncork();
}
