import { turnTime } from './turn-time.ts';

/**
 * A time-out that is set for every command and almost never passes. Moving it costs nothing: the timer behind it is left
 * running and looks again when it fires.
 */
export class Deadline {
  readonly #onPassed: () => void;
  #at = Infinity;
  #firesAt = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed;
  }

  /** Passes in this many milliseconds unless it is set again or cleared. Keeps no process alive. */
  set(milliseconds: number): void {
    this.#at = turnTime() + milliseconds;
    if (this.#at < this.#firesAt) this.#arm(milliseconds);
  }

  clear(): void {
    this.#at = Infinity;
  }

  /** Frees the timer as well, at the end of a connection. */
  dispose(): void {
    this.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#firesAt = Infinity;
  }

  #arm(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = turnTime() + milliseconds;
    this.#timer = setTimeout(() => this.#look(), milliseconds);
    this.#timer.unref();
  }

  #look(): void {
    this.#timer = undefined;
    this.#firesAt = Infinity;
    if (this.#at === Infinity) return;
    const left = this.#at - turnTime();
    if (left > 0) {
      this.#arm(Math.ceil(left));
      return;
    }
    this.#at = Infinity;
    this.#onPassed();
  }
}
