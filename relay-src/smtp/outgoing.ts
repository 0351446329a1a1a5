/**
 * What is said to one peer waits for the end of this turn of the event loop. A system call for each piece, and the
 * wake-up of its reader, are half of what a small message costs: all that goes to one peer leaves in one call, and
 * peers are woken in one go. It is kept as one string: the pieces of a corked socket cost more than the octets in them.
 */
import type { Writable } from 'node:stream';

/** Characters of one turn after which whoever says more should wait for the next one. */
const enough = 16_384;

/** Those who wait, by whom they talk to: either are likely to be few processes, which are to be woken once. */
const toClients = new Set<Outgoing>();
const toNextHops = new Set<Outgoing>();

/** Text for one socket. */
export class Outgoing {
  readonly socket: Writable;
  readonly #group: Set<Outgoing>;
  #text = '';

  constructor(socket: Writable, peer: 'client' | 'next hop') {
    this.socket = socket;
    this.#group = peer === 'client' ? toClients : toNextHops;
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
    if (this.socket.writable) this.socket.write(text, 'latin1');
  }

  #wait(): void {
    if (toClients.size + toNextHops.size === 0) setImmediate(flushAll);
    this.#group.add(this);
  }
}

function flushAll(): void {
  const all = [...toClients, ...toNextHops];
  toClients.clear();
  toNextHops.clear();
  for (const outgoing of all) outgoing.flush();
}
