/** Removes what nobody waits for. What cannot be removed now is tried again; else the next start does it. */
import type { SpoolLog } from './log.ts';

/** Milliseconds until something that could not be removed is tried again. */
const again = 5000;
/** More than this is left to the next start: a disk that takes nothing away must not fill the memory. */
const most = 10_000;

export class Tidier {
  readonly #log: SpoolLog;
  /** False while nothing may be written. */
  readonly #mayWrite: () => boolean;
  readonly #left = new Map<string, () => Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(log: SpoolLog, mayWrite: () => boolean) {
    this.#log = log;
    this.#mayWrite = mayWrite;
  }

  /** Resolves when it is gone, or is left for later: true if it is gone. Never rejects. */
  async remove(what: string, how: () => Promise<void>): Promise<boolean> {
    const attempt = how();
    const settled = attempt.catch(() => undefined).finally(() => this.#running.delete(settled));
    this.#running.add(settled);
    try {
      await attempt;
      this.#left.delete(what);
      return true;
    } catch (error) {
      this.#leave(what, how, error);
      return false;
    }
  }

  /** Whether this is still there. */
  isLeft(what: string): boolean {
    return this.#left.has(what);
  }

  /** Waits for what is under way, and tries nothing again. */
  async close(): Promise<void> {
    await Promise.all(this.#running);
    clearTimeout(this.#timer);
  }

  #leave(what: string, how: () => Promise<void>, error: unknown): void {
    if (!this.#left.has(what)) {
      this.#log.error({ what, error: String(error) }, 'cannot be removed from the spool now');
      if (this.#left.size >= most) return;
    }
    this.#left.set(what, how);
    this.#timer ??= setTimeout(() => this.#tryAgain(), again).unref();
  }

  #tryAgain(): void {
    this.#timer = undefined;
    if (!this.#mayWrite()) {
      this.#timer = setTimeout(() => this.#tryAgain(), again).unref();
      return;
    }
    for (const [what, how] of this.#left) void this.remove(what, how);
  }
}
