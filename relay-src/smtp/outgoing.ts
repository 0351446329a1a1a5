/**
 * What is said to one peer waits for the end of this turn of the event loop. A system call for each piece, and the
 * wake-up of its reader, are half of what a small message costs: all that goes to one peer leaves in one call, and
 * peers are woken in one go. It is kept as one string: the pieces of a corked socket cost more than the octets in them.
 */
import type { Writable } from 'node:stream';
import { writeAtOnce } from './write-at-once.ts';

/** Characters of one turn after which whoever says more should wait for the next one. */
const enough = 16_384;

/** Those who wait, by whom they talk to: either are likely to be few processes, which are to be woken once. */
let toClients: Outgoing[] = [];
let toNextHops: Outgoing[] = [];

/**
 * Octets of a piece that is copied to leave with what is said beside it: nobody keeps its memory. A longer one is not worth
 * the copy.
 */
export const shortPiece = 4096;

/** Text for one socket. */
export class Outgoing {
  readonly socket: Writable;
  readonly #peer: 'client' | 'next hop';
  #text = '';

  constructor(socket: Writable, peer: 'client' | 'next hop') {
    this.socket = socket;
    this.#peer = peer;
  }

  /** One character an octet (latin1). It leaves after what was written before, and before what is flushed later. */
  write(octets: string): void {
    if (this.#text === '') this.#wait();
    this.#text += octets;
  }

  /** So much waits that nothing more should be said in this turn. */
  get full(): boolean {
    return this.#text.length > enough;
  }

  /** Hands over to the socket at once, e.g. before something that is written to it directly. */
  flush(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    const { socket } = this;
    if (socket.writable && !writeAtOnce(socket, text)) socket.write(text, 'latin1');
  }

  #wait(): void {
    if (toClients.length + toNextHops.length === 0) setImmediate(flushAll);
    (this.#peer === 'client' ? toClients : toNextHops).push(this);
  }
}

/** One that was flushed since may be listed twice. */
function flushAll(): void {
  const clients = toClients;
  const nextHops = toNextHops;
  toClients = [];
  toNextHops = [];
  for (const outgoing of clients) outgoing.flush();
  for (const outgoing of nextHops) outgoing.flush();
}
