/** The way of a message into the spool: the rename of its record is the one commit point. */
import { SpoolError, spoolError } from './errors.ts';
import type { Files } from './files.ts';
import type { FolderSync } from './folder-sync.ts';
import { writeNew, type BodyFile } from './incoming.ts';
import { names, type Layout } from './layout.ts';
import type { Message, NewMessage, State } from './message.ts';
import { firstRecord, formatRecord } from './message-file.ts';
import type { Resubmissions } from './resubmissions.ts';
import type { Tidier } from './tidy.ts';
import { within } from './within.ts';

export interface Committed {
  readonly id: string;
  readonly resubmitted: boolean;
}

export interface CommitterOptions {
  readonly files: Files;
  readonly layout: Layout;
  readonly folders: Readonly<Record<State, FolderSync>>;
  readonly resubmissions: Resubmissions;
  readonly tidier: Tidier;
  /** Milliseconds from the end of a message to its commit. */
  readonly patience: number;
  /** Throws SpoolError once another process may have the spool. */
  readonly assertOwned: () => void;
  /** It is on disk. */
  readonly onCommitted: (message: Message) => void;
}

export class Committer {
  readonly #options: CommitterOptions;
  /** Commits under way by key: a second one waits for the first. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** All of them, those included that nobody waits for any more. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Resolves when it is on disk, or is known already. Rejects with SpoolError: then nothing of it is kept. */
  async commit(id: string, body: BodyFile, message: NewMessage): Promise<Committed> {
    const { patience, tidier } = this.#options;
    const deadline = performance.now() + patience;
    const key = message.state === 'failed' ? undefined : message.key;
    try {
      // No turn may pass between the last look and the commit that others then see.
      for (let seen = this.#look(key); seen !== undefined; seen = this.#look(key)) {
        if (typeof seen === 'string') {
          void tidier.remove(id, () => body.discard());
          return { id: seen, resubmitted: true };
        }
        await within(deadline - performance.now(), seen);
      }
    } catch (error) {
      void tidier.remove(id, () => body.discard());
      throw spoolError(error);
    }
    let late = false;
    const work = this.#store(id, body, message, () => late);
    this.#follow(work, key);
    try {
      await within(deadline - performance.now(), work, () => (late = true));
    } catch (error) {
      throw spoolError(error);
    }
    return { id, resubmitted: false };
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.#running);
  }

  #follow(work: Promise<void>, key: string | undefined): void {
    const settled = work
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(settled);
        if (key !== undefined) this.#underWay.delete(key);
      });
    this.#running.add(settled);
    if (key !== undefined) this.#underWay.set(key, settled);
  }

  /** The message that has this key; or one on its way, from a client that gave up waiting for its reply. */
  #look(key: string | undefined): string | Promise<unknown> | undefined {
    return key === undefined ? undefined : (this.#options.resubmissions.find(key) ?? this.#underWay.get(key));
  }

  /** Everything up to the commit. If it is too late then, or goes wrong, nothing is kept. */
  async #store(id: string, body: BodyFile, incoming: NewMessage, isLate: () => boolean): Promise<void> {
    const { assertOwned, files, folders, layout, onCommitted, resubmissions, tidier } = this.#options;
    const temporary = layout.part(names.incoming, id, 'json');
    const message = firstRecord(id, incoming, { size: body.size, sha256: body.digest() });
    const { key, state } = message;
    const check = (): void => {
      if (isLate()) throw new SpoolError('trouble', 'the disk is too slow');
      assertOwned();
    };
    try {
      await both(body.sync(), writeNew(files, temporary, formatRecord(message)));
      check();
      await files.rename(body.path, layout.body(state, id));
      check();
      await files.rename(temporary, layout.record(state, id));
      await folders[state].sync();
      check();
    } catch (error) {
      await tidier.remove(id, async () => {
        await withdraw(files, layout, id, state, folders[state]);
        await body.discard();
      });
      throw spoolError(error);
    }
    void body.close().catch(() => undefined);
    if (key !== undefined && state !== 'failed') resubmissions.wait(key, id);
    onCommitted(message);
  }
}

/**
 * Takes a message out of a state so that no crash makes a message of its parts, nor leaves parts that nothing
 * explains: what has a record in `incoming/` only is removed at the start.
 */
export async function withdraw(
  files: Files,
  layout: Layout,
  id: string,
  state: State,
  folder: FolderSync,
): Promise<void> {
  const [record, temporary] = [layout.record(state, id), layout.part(names.incoming, id, 'json')];
  if ((await files.read(record)) !== undefined) {
    await files.rename(record, temporary);
    await folder.sync();
  }
  await files.remove(layout.body(state, id));
  await folder.sync();
  await files.remove(temporary);
}

/** Both have ended; rejects as the first that failed. */
async function both(one: Promise<void>, two: Promise<void>): Promise<void> {
  for (const result of await Promise.allSettled([one, two])) {
    if (result.status === 'rejected') throw result.reason;
  }
}
