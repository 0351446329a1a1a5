/**
 * Messages that are handed in again. A client that lost our 250 sends its message once more, and it must not go out
 * twice. Nothing is stored for this alone: the key stands in the record of a message that waits, and in the line of
 * one that was sent, so that it is on disk when they are.
 */

export interface Bounds {
  readonly entries: number;
  /** Milliseconds that a key is remembered after its message was sent. */
  readonly age: number;
}

export const resubmissionBounds: Bounds = { entries: 250_000, age: 7 * 24 * 3_600_000 };

interface Sent {
  readonly id: string;
  readonly at: number;
}

/** Keys of the messages that wait to be sent, and of those that were. A message that failed is in neither. */
export class Resubmissions {
  readonly #bounds: Bounds;
  readonly #waiting = new Map<string, string>();
  /** In the order of sending. */
  readonly #sent = new Map<string, Sent>();

  constructor(bounds: Bounds = resubmissionBounds) {
    this.#bounds = bounds;
  }

  /** The id of the message with this key that waits or was sent. */
  find(key: string, now = Date.now()): string | undefined {
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) return waiting;
    const sent = this.#sent.get(key);
    return sent === undefined || sent.at < now - this.#bounds.age ? undefined : sent.id;
  }

  /** A message waits. False if another one with this key does, or was sent. */
  wait(key: string, id: string): boolean {
    const holder = this.find(key);
    if (holder !== undefined && holder !== id) return false;
    this.#waiting.set(key, id);
    return true;
  }

  /** It waits no more: it failed or was deleted, and the same message may come again. */
  forget(key: string, id: string): void {
    if (this.#waiting.get(key) === id) this.#waiting.delete(key);
  }

  sent(key: string, id: string, at: number): void {
    this.forget(key, id);
    this.#sent.delete(key);
    this.#sent.set(key, { id, at });
    for (const [oldest, { at: then }] of this.#sent) {
      if (this.#sent.size <= this.#bounds.entries && then >= at - this.#bounds.age) break;
      this.#sent.delete(oldest);
    }
  }
}
