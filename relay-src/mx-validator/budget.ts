/**
 * Bytes in flight towards the upstream. A hop that keeps messages in memory dies of many large ones at once, so
 * new messages wait before their 354 while those under way fill the budget. One message may always go.
 */
export interface Hold {
  /** The message has grown to this many octets, maybe beyond what was declared. */
  grow(total: number): void;
  release(): void;
}

interface Waiter {
  readonly size: number;
  readonly go: (hold: Hold) => void;
}

export class ByteBudget {
  /** Octets held now. */
  used = 0;
  readonly #limit: number;
  readonly #maxWait: number;
  readonly #waiting: Waiter[] = [];

  /** `limit` in octets, `maxWait` in milliseconds. */
  constructor(limit: number, maxWait: number) {
    this.#limit = limit;
    this.#maxWait = maxWait;
  }

  /** Room for a message, first come first served; undefined if there was none in time. */
  acquire(size: number): Hold | Promise<Hold | undefined> {
    if (this.#waiting.length === 0 && this.#fits(size)) return this.#hold(size);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        size,
        go: (hold) => {
          clearTimeout(timer);
          resolve(hold);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        resolve(undefined);
        this.#next();
      }, this.#maxWait);
      this.#waiting.push(waiter);
    });
  }

  #fits(size: number): boolean {
    return this.used === 0 || this.used + size <= this.#limit;
  }

  #hold(size: number): Hold {
    let held = size;
    this.used += size;
    return {
      grow: (total) => {
        if (total <= held) return;
        this.used += total - held;
        held = total;
      },
      release: () => {
        this.used -= held;
        held = 0;
        this.#next();
      },
    };
  }

  #next(): void {
    for (
      let first = this.#waiting[0];
      first !== undefined && this.#fits(first.size);
      first = this.#waiting[0]
    ) {
      this.#waiting.shift();
      first.go(this.#hold(first.size));
    }
  }
}
