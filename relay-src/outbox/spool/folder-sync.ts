/** Group commit: changes of names in one folder that wait at the same time share one fsync of it. */
import type { Files } from './files.ts';

export class FolderSync {
  readonly #files: Files;
  readonly #folder: string;
  /** Waits for the one that is running. */
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Resolves when all changes made before this call are on disk. Rejects, for all who share it, if they may not be. */
  sync(): Promise<void> {
    this.#next ??= this.#begin();
    return this.#next;
  }

  async #begin(): Promise<void> {
    await this.#running.catch(() => undefined);
    // From here on a change may come too late for this fsync: it has to wait for the next one.
    this.#running = this.#files.syncFolder(this.#folder);
    this.#next = undefined;
    await this.#running;
  }
}
