/**
 * A cap on work done at once, with a bounded queue before it. Without one, a flood of made-up domains
 * would take every socket of the process.
 */

export interface Limit {
  /**
   * Resolves true with a place, which `leave` gives back; false when the queue is full, when none was free
   * within the time, or when the signal said stop.
   */
  enter(milliseconds: number, signal: AbortSignal): Promise<boolean>;
  leave(): void;
  /** True when the next one would have to wait. */
  full(): boolean;
}

export function createLimit(places: number, queue: number): Limit {
  let free = places;
  /** In order of arrival; each is called once, when it gets its place. */
  const waiting = new Set<() => void>();

  return {
    enter(milliseconds, signal) {
      if (signal.aborted) return Promise.resolve(false);
      if (free > 0) {
        free -= 1;
        return Promise.resolve(true);
      }
      if (waiting.size >= queue) return Promise.resolve(false);
      return new Promise((resolve) => {
        const end = (entered: boolean): void => {
          clearTimeout(timeout);
          signal.removeEventListener('abort', giveUp);
          waiting.delete(take);
          resolve(entered);
        };
        const take = (): void => {
          end(true);
        };
        const giveUp = (): void => {
          end(false);
        };
        const timeout = setTimeout(giveUp, milliseconds);
        signal.addEventListener('abort', giveUp);
        waiting.add(take);
      });
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) free += 1;
      else next();
    },
    full: () => free === 0,
  };
}
