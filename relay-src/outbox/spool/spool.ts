/** The spool: mail that was acknowledged and is not delivered yet, on disk. `docs/spool.md` has the layout. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { DamagedMessage, NoSuchMessage, SpoolError, spoolError, UnusableSpool } from './errors.ts';
import { realFiles, type Files } from './files.ts';
import { FolderSync } from './folder-sync.ts';
import { BodyFile, writeNew } from './incoming.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { folders, formatText, Layout, names, newId } from './layout.ts';
import { Lock, lockTimes, type LockTimes } from './lock.ts';
import type { SpoolLog } from './log.ts';
import {
  committedStates,
  type Changes,
  type Message,
  type NewMessage,
  type State,
  type Summary,
} from './message.ts';
import { changed, firstRecord, formatRecord, parseRecord, summaryOf } from './message-file.ts';
import { Recovery } from './recovery.ts';
import { Resubmissions } from './resubmissions.ts';
import { SentRecord, type Departure } from './sent-record.ts';
import { within } from './within.ts';

export interface SpoolOptions {
  /** Who we are, for the lock: see `ownerFrom`. */
  readonly owner: string;
  readonly log: SpoolLog;
  /** The lock was lost: another process has the spool. Nothing is written after this; stop at once. */
  readonly onLost: (reason: string) => void;
  /** Octets that stay free for records of what is already here: below that, new mail is refused. */
  readonly reserveBytes?: number;
  /** Milliseconds for every step in which a client waits, and from the end of a message to its commit. */
  readonly patience?: number;
  readonly lock?: LockTimes;
  readonly files?: Files;
}

/** A message on its way into the spool. Exactly one of `commit` and `discard` must be called. */
export interface Incoming {
  /** Queue id that it will have. */
  readonly id: string;
  /** Octets so far. */
  readonly size: number;
  /** Takes the next piece of the message: CRLF line ends, not dot-stuffed. Errors come out of `commit`. */
  write(piece: Buffer): void;
  /** Undefined if more may come now, else resolves when it may. */
  drained(): Promise<void> | undefined;
  /** All of it so far. Rejects with SpoolError. */
  read(): Promise<Buffer>;
  /**
   * Resolves when message and record are on disk, with its id; or, if the spool holds or sent the same message
   * already (`NewMessage.key`), with the id of that one, and nothing is kept of this. Rejects with SpoolError
   * within the time limit: then nothing of it is kept.
   */
  commit(message: NewMessage): Promise<Committed>;
  /** Nothing of it is kept. */
  discard(): void;
}

export interface Committed {
  readonly id: string;
  readonly resubmitted: boolean;
}

/** Why a message leaves the spool. */
export interface Ending {
  readonly result: 'sent' | 'deleted';
  /** The last answer of the next hop, or who deleted it: for the record. */
  readonly answer: string;
}

/** A message came (`before` is undefined), changed, or left (`after` is undefined). */
export type SpoolListener = (before: Summary | undefined, after: Summary | undefined) => void;

const defaultReserve = 16 * 2 ** 20;
/** Inodes that stay free. */
const reserveInodes = 100;
/** Outbox accepts or refuses within 30 s, what it asks its transport included; mx-validator waits for 120 s. */
const defaultPatience = 25_000;
/** Milliseconds for which the free space is not asked again. */
const freeKnown = 1000;
/** Milliseconds until something that could not be removed is tried again. */
const tidyEvery = 5000;

export class Spool {
  readonly layout: Layout;
  readonly #options: SpoolOptions;
  readonly #files: Files;
  readonly #lock: Lock;
  readonly #patience: number;
  readonly #messages = new Map<string, Summary>();
  readonly #resubmissions = new Resubmissions();
  /** Commits under way by key: a second one waits for the first. */
  readonly #committing = new Map<string, Promise<Committed | undefined>>();
  readonly #folders: Readonly<Record<State, FolderSync>>;
  readonly #sent: SentRecord;
  readonly #tasks = new KeyedQueue();
  readonly #changes = new KeyedQueue();
  readonly #listeners: SpoolListener[] = [];
  /** Work that `close` waits for. */
  readonly #active = new Set<Promise<unknown>>();
  /** Files of messages that have left and could not be removed. */
  readonly #untidy = new Map<string, () => Promise<void>>();
  #tidying: NodeJS.Timeout | undefined;
  #free: { readonly at: number; readonly bytes: number; readonly inodes: number } | undefined;
  #receiving = 0;
  #closed = false;

  private constructor(layout: Layout, options: SpoolOptions, lock: Lock) {
    this.layout = layout;
    this.#options = options;
    this.#files = options.files ?? realFiles;
    this.#lock = lock;
    this.#patience = options.patience ?? defaultPatience;
    const sync = (state: State): FolderSync => new FolderSync(this.#files, layout.folder(state));
    this.#folders = { queued: sync('queued'), held: sync('held'), failed: sync('failed') };
    this.#sent = new SentRecord(this.#files, layout.folder(names.sent), () => this.#syncAll());
  }

  /**
   * Makes the spool if it is new, waits for its lock, recovers what earlier processes left behind, and reads all
   * records. Rejects with UnusableSpool, or as the file system does.
   */
  static async open(folder: string, options: SpoolOptions): Promise<Spool> {
    const layout = new Layout(folder);
    const { files = realFiles, log, lock: times = lockTimes, onLost, owner } = options;
    await files.makeFolder(layout.root);
    const lock = await Lock.acquire({ files, layout, owner, times, log, onLost });
    try {
      await prepare(files, layout);
      const spool = new Spool(layout, options, lock);
      await spool.#recover();
      return spool;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Called after each change, in order, synchronously. */
  onChange(listener: SpoolListener): void {
    this.#listeners.push(listener);
  }

  /** False while the lock is not surely ours: ask before each attempt. */
  get owned(): boolean {
    return this.#lock.owned && !this.#closed;
  }

  /** Messages that are being received. */
  get receiving(): number {
    return this.#receiving;
  }

  /** All messages, in no order. Stays valid while messages come and go. */
  messages(): IterableIterator<Summary> {
    return this.#messages.values();
  }

  summary(id: string): Summary | undefined {
    return this.#messages.get(id);
  }

  /** Begins a message of about this many octets. Rejects with SpoolError if there is no room or no way to write. */
  async receive(size = 0): Promise<Incoming> {
    await this.#assertRoom(size);
    this.#receiving += 1;
    const id = newId();
    const body = new BodyFile(this.#files, this.layout.part(names.incoming, id, 'eml'));
    let over = false;
    const once = (): void => {
      if (over) throw new Error(`${id} was committed or discarded before`);
      over = true;
      this.#receiving -= 1;
    };
    return {
      id,
      get size() {
        return body.size;
      },
      write: (piece) => body.write(piece),
      drained: () => body.drained(),
      read: () => within(this.#patience, body.content()).catch(rethrow),
      commit: (message) => {
        once();
        return this.#whileActive(this.#commit(id, body, message));
      },
      discard: () => {
        once();
        void this.#whileActive(this.#tidy(id, () => body.discard()));
      },
    };
  }

  /** The whole record. Rejects with NoSuchMessage or SpoolError. */
  async load(id: string): Promise<Message> {
    const { state } = this.#find(id);
    const bytes = await this.#files.read(this.layout.record(state, id)).catch(rethrow);
    if (bytes === undefined) {
      if (this.#find(id).state !== state) return this.load(id); // it moved meanwhile
      throw new DamagedMessage(`${id}.json is gone`);
    }
    try {
      return parseRecord(bytes, state);
    } catch (error) {
      throw new DamagedMessage(`${id}.json cannot be read: ${String(error)}`, { cause: error });
    }
  }

  /** The whole body. Rejects with NoSuchMessage, SpoolError, or DamagedMessage: then it must not be sent. */
  async read(id: string): Promise<Buffer> {
    const { sha256, state } = await this.load(id);
    const body = await this.#body(id, state);
    if (body === undefined) {
      if (this.#find(id).state !== state) return this.read(id); // it moved meanwhile
      throw new DamagedMessage(`${id}.eml is gone`);
    }
    if (createHash('sha256').update(body).digest('hex') !== sha256) {
      throw new DamagedMessage(`${id}.eml is not what was accepted: its SHA-256 differs`);
    }
    return body;
  }

  /**
   * Runs `task` while nobody else changes this message: an attempt, or a command of an operator, which so waits for
   * the attempt's end. Look at the summary again inside: the message may have been held or have left meanwhile.
   */
  exclusive<T>(id: string, task: () => Promise<T>): Promise<T> {
    return this.#tasks.run(id, task);
  }

  /**
   * Changes a record, and moves the message if `state` changes. Resolves when that is on disk. Rejects with
   * NoSuchMessage; or with SpoolError: then it may or may not be found changed after a crash.
   */
  update(id: string, changes: Changes): Promise<Message> {
    return this.#whileActive(this.#changes.run(id, () => this.#update(id, changes)));
  }

  /**
   * The message leaves: that is recorded, and its files go. Resolves when it can never be found again after a crash;
   * works on a full disk, then without the record. Rejects with SpoolError if the disk takes neither: the message is
   * gone from memory all the same, and its removal is tried again.
   */
  finish(id: string, ending: Ending): Promise<void> {
    return this.#whileActive(this.#changes.run(id, () => this.#finish(id, ending)));
  }

  /** Octets free for mail, as they were a moment ago. Rejects with SpoolError. */
  async freeBytes(): Promise<number> {
    const { bytes } = await this.#freeNow();
    return Math.max(0, bytes - (this.#options.reserveBytes ?? defaultReserve));
  }

  /** Undefined if new mail can be taken now, else what is wrong: for readiness. Writes a file to see. */
  async problem(): Promise<string | undefined> {
    const path = join(this.layout.folder(names.incoming), `probe-${newId()}`);
    try {
      await this.#assertRoom(0);
      await within(this.#patience, writeNew(this.#files, path, Buffer.from('probe\n')));
      return undefined;
    } catch (error) {
      return `spool: ${spoolError(error).message}`;
    } finally {
      await this.#tidy(path, () => this.#files.remove(path));
    }
  }

  /** Waits for what is under way, then gives the lock free. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
    clearTimeout(this.#tidying);
    await this.#sent.close();
    await this.#lock.release();
  }

  /** The body beside its record; or where a move that failed half-way left it. */
  async #body(id: string, state: State): Promise<Buffer | undefined> {
    for (const folder of [state, ...committedStates]) {
      const body = await this.#files.read(this.layout.body(folder, id)).catch(rethrow);
      if (body !== undefined) return body;
    }
    return undefined;
  }

  async #recover(): Promise<void> {
    const begun = performance.now();
    const departures = await this.#sent.load();
    for (const { id, at, result, key } of departures) {
      if (key !== undefined && result === 'sent') this.#resubmissions.sent(key, id, at);
    }
    await new Recovery(this.#files, this.layout, this.#options.log).run(departures, ({ key, summary }) => {
      const { id, state } = summary;
      if (key !== undefined && state !== 'failed' && !this.#resubmissions.wait(key, id)) {
        return `the same message as ${this.#resubmissions.find(key)}`;
      }
      this.#messages.set(id, summary);
      return undefined;
    });
    const seconds = (performance.now() - begun) / 1000;
    this.#options.log.info({ messages: this.#messages.size, seconds }, 'spool opened');
  }

  async #commit(id: string, body: BodyFile, message: NewMessage): Promise<Committed> {
    const deadline = performance.now() + this.#patience;
    const key = message.state === 'failed' ? undefined : message.key;
    try {
      const known = key === undefined ? undefined : await this.#known(key, deadline);
      if (known !== undefined) {
        void this.#tidy(id, () => body.discard());
        return { id: known, resubmitted: true };
      }
    } catch (error) {
      void this.#tidy(id, () => body.discard());
      throw spoolError(error);
    }
    let late = false;
    const work = this.#store(id, body, message, () => late);
    if (key !== undefined) {
      const settled = work.catch(() => undefined).finally(() => this.#committing.delete(key));
      this.#committing.set(key, settled);
    }
    void this.#whileActive(work.catch(() => undefined));
    return within(deadline - performance.now(), work, () => (late = true)).catch(rethrow);
  }

  /** The message that has this key; waits for one that is being committed, from a client that gave up waiting. */
  async #known(key: string, deadline: number): Promise<string | undefined> {
    for (;;) {
      const known = this.#resubmissions.find(key);
      const other = this.#committing.get(key);
      if (known !== undefined || other === undefined) return known;
      await within(deadline - performance.now(), other);
    }
  }

  /** Everything up to the commit. If it is too late then, or goes wrong, nothing is kept. */
  async #store(id: string, body: BodyFile, incoming: NewMessage, isLate: () => boolean): Promise<Committed> {
    const temporary = this.layout.part(names.incoming, id, 'json');
    const message = firstRecord(id, incoming, { size: body.size, sha256: body.digest() });
    const { state } = message;
    let [bodyPath, recordPath] = [body.path, temporary];
    const check = (): void => {
      if (isLate()) throw new SpoolError('trouble', 'the disk is too slow');
      this.#assertOwned();
    };
    try {
      await both(body.sync(), writeNew(this.#files, temporary, formatRecord(message)));
      check();
      await this.#files.rename(bodyPath, this.layout.body(state, id));
      bodyPath = this.layout.body(state, id);
      check();
      await this.#files.rename(recordPath, this.layout.record(state, id));
      recordPath = this.layout.record(state, id);
      await this.#folders[state].sync();
      check();
    } catch (error) {
      // The record first: a record without its body would be one more case to recover from.
      await this.#tidy(id, async () => {
        await this.#files.remove(recordPath);
        await body.discard(bodyPath);
        if (recordPath !== temporary) await this.#folders[state].sync();
      });
      throw spoolError(error);
    }
    void body.close().catch(() => undefined);
    if (message.key !== undefined && state !== 'failed') this.#resubmissions.wait(message.key, id);
    this.#show(summaryOf(message));
    return { id, resubmitted: false };
  }

  async #update(id: string, changes: Changes): Promise<Message> {
    this.#assertOwned();
    const before = await this.load(id);
    const message = this.#withKey(changed(before, changes), before);
    const { state } = message;
    const temporary = this.layout.part(names.incoming, id, 'json');
    try {
      if (this.#untidy.has(temporary)) await this.#files.remove(temporary);
      await writeNew(this.#files, temporary, formatRecord(message));
      this.#assertOwned();
      await this.#files.rename(temporary, this.layout.record(state, id));
    } catch (error) {
      await this.#tidy(temporary, () => this.#files.remove(temporary));
      throw spoolError(error);
    }
    // From here on everybody sees the change; after a crash, whoever is on disk by then.
    this.#show(summaryOf(message));
    try {
      await this.#folders[state].sync();
      if (state === before.state) return message;
      // Only now: the old record may not go before the new one is on disk.
      await this.#files.rename(this.layout.body(before.state, id), this.layout.body(state, id));
      await this.#files.remove(this.layout.record(before.state, id));
      await this.#folders[before.state].sync();
    } catch (error) {
      throw spoolError(error);
    }
    return message;
  }

  /** A message that failed is no longer the one that another may be a copy of; one that is queued again may be one. */
  #withKey(message: Message, before: Message): Message {
    const { id, key, state } = message;
    if (key === undefined || state === before.state) return message;
    if (state === 'failed') this.#resubmissions.forget(key, id);
    else if (!this.#resubmissions.wait(key, id)) {
      const { key: _, ...rest } = message;
      return rest;
    }
    return message;
  }

  async #finish(id: string, ending: Ending): Promise<void> {
    this.#assertOwned();
    const summary = this.#find(id);
    const message = await this.load(id).catch(() => undefined);
    const departure: Departure = { id, at: Date.now(), result: ending.result, key: message?.key };
    this.#leave(summary, departure);
    let recorded = true;
    try {
      await this.#sent.append(departure, details(message, ending));
    } catch (error) {
      recorded = false;
      this.#options.log.warn({ id, error: String(error) }, 'a message has left and cannot be recorded');
    }
    const remove = async (): Promise<void> => {
      for (const extension of ['json', 'eml'] as const) {
        await this.#files.remove(this.layout.part(summary.state, id, extension));
      }
      // Without the record nothing but this says that it has left.
      if (!recorded) await this.#folders[summary.state].sync();
    };
    if (recorded) await this.#tidy(id, remove);
    else await remove().catch((error: unknown) => this.#later(id, remove, error));
  }

  /** Gone from memory. */
  #leave(summary: Summary, { id, at, result, key }: Departure): void {
    this.#messages.delete(id);
    if (key !== undefined && result === 'sent') this.#resubmissions.sent(key, id, at);
    else if (key !== undefined) this.#resubmissions.forget(key, id);
    for (const listener of this.#listeners) listener(summary, undefined);
  }

  /** Come or changed in memory. */
  #show(summary: Summary): void {
    const before = this.#messages.get(summary.id);
    this.#messages.set(summary.id, summary);
    for (const listener of this.#listeners) listener(before, summary);
  }

  #find(id: string): Summary {
    const summary = this.#messages.get(id);
    if (summary === undefined) throw new NoSuchMessage(id);
    return summary;
  }

  /** Removes something nobody waits for. What cannot be removed now is tried again; the next start removes it too. */
  async #tidy(what: string, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
      this.#untidy.delete(what);
    } catch (error) {
      this.#later(what, remove, error, false);
    }
  }

  #later(what: string, remove: () => Promise<void>, error: unknown, fatal = true): void {
    if (!this.#untidy.has(what)) {
      this.#options.log.error(
        { what, error: String(error) },
        'cannot be removed from the spool, trying again',
      );
    }
    this.#untidy.set(what, remove);
    this.#tidying ??= setTimeout(() => this.#tidyAll(), tidyEvery).unref();
    if (fatal) throw spoolError(error);
  }

  #tidyAll(): void {
    this.#tidying = undefined;
    if (!this.owned) return;
    for (const [what, remove] of this.#untidy) void this.#whileActive(this.#tidy(what, remove));
  }

  async #syncAll(): Promise<void> {
    for (const state of committedStates) await this.#folders[state].sync();
  }

  async #freeNow(): Promise<{ readonly bytes: number; readonly inodes: number }> {
    if (this.#free === undefined || performance.now() - this.#free.at > freeKnown) {
      const free = await within(this.#patience, this.#files.free(this.layout.root)).catch(rethrow);
      this.#free = { ...free, at: performance.now() };
    }
    return this.#free;
  }

  async #assertRoom(size: number): Promise<void> {
    this.#assertOwned();
    const { bytes, inodes } = await this.#freeNow();
    const reserve = this.#options.reserveBytes ?? defaultReserve;
    if (bytes < reserve + size || inodes < reserveInodes) {
      throw new SpoolError('full', `${bytes} octets and ${inodes} inodes are free in the spool`);
    }
  }

  #assertOwned(): void {
    if (!this.owned)
      throw new SpoolError('trouble', this.#closed ? 'the spool is closed' : 'the lock is not ours');
  }

  async #whileActive<T>(work: Promise<T>): Promise<T> {
    this.#active.add(work);
    try {
      return await work;
    } finally {
      this.#active.delete(work);
    }
  }
}

/** Makes what is missing of a spool; throws UnusableSpool if it is one of another format. */
async function prepare(files: Files, layout: Layout): Promise<void> {
  for (const name of await files.list(layout.root)) {
    if (name.startsWith(`${names.lock}.`) || name.startsWith(`${names.format}.`)) {
      await files.remove(join(layout.root, name));
    }
  }
  const path = layout.file('format');
  const format = await files.read(path);
  if (format !== undefined && format.toString() !== formatText) {
    const found = format.toString().trim();
    throw new UnusableSpool(`${path} says "${found}", and this version knows "${formatText.trim()}" only`);
  }
  for (const folder of folders) await files.makeFolder(layout.folder(folder));
  if (format === undefined) {
    await writeNew(files, `${path}.new`, Buffer.from(formatText));
    await files.rename(`${path}.new`, path);
  }
  await files.syncFolder(layout.root);
}

/** What people want to know of a message that is gone. */
function details(message: Message | undefined, ending: Ending): object {
  if (message === undefined) return { answer: ending.answer };
  const { accepted, attemptCount, recipients, sender, size, tx } = message;
  return {
    accepted: new Date(accepted).toISOString(),
    sender,
    recipients,
    size,
    tx,
    attempts: attemptCount,
    answer: ending.answer,
  };
}

/** Both have ended; rejects as the first that failed. */
async function both(one: Promise<void>, two: Promise<void>): Promise<void> {
  for (const result of await Promise.allSettled([one, two])) {
    if (result.status === 'rejected') throw result.reason;
  }
}

function rethrow(error: unknown): never {
  throw spoolError(error);
}
