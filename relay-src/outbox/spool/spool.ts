/** The spool: mail that was acknowledged and is not delivered yet, on disk. `docs/spool.md` has the layout. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Committer, withdraw, type Committed } from './commit.ts';
import { DamagedMessage, NoSuchMessage, SpoolError, spoolError } from './errors.ts';
import { realFiles, type Files } from './files.ts';
import { FolderSync } from './folder-sync.ts';
import { BodyFile, writeNew } from './incoming.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { Layout, names, newId } from './layout.ts';
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
import { changed, formatRecord, parseRecord, summaryOf } from './message-file.ts';
import { prepare } from './prepare.ts';
import { Recovery } from './recovery.ts';
import { Resubmissions } from './resubmissions.ts';
import { Room } from './room.ts';
import { detailsOf, SentRecord, type Departure } from './sent-record.ts';
import { Tidier } from './tidy.ts';
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

/** Why a message leaves the spool. */
export interface Ending {
  readonly result: 'sent' | 'deleted';
  /** The last answer of the next hop, or who deleted it: for the record. */
  readonly answer: string;
}

/** A message came (`before` is undefined), changed, or left (`after` is undefined). */
export type SpoolListener = (before: Summary | undefined, after: Summary | undefined) => void;

const defaultReserve = 16 * 2 ** 20;
/** Outbox accepts or refuses within 30 s, what it asks its transport included; mx-validator waits for 120 s. */
const defaultPatience = 25_000;

export class Spool {
  readonly layout: Layout;
  readonly #options: SpoolOptions;
  readonly #files: Files;
  readonly #lock: Lock;
  readonly #patience: number;
  readonly #messages = new Map<string, Summary>();
  readonly #resubmissions = new Resubmissions();
  readonly #folders: Readonly<Record<State, FolderSync>>;
  readonly #sent: SentRecord;
  readonly #tasks = new KeyedQueue();
  readonly #changes = new KeyedQueue();
  readonly #listeners: SpoolListener[] = [];
  /** Changes that `close` waits for. */
  readonly #active = new Set<Promise<unknown>>();
  readonly #tidier: Tidier;
  readonly #room: Room;
  readonly #committer: Committer;
  #probe: Promise<string | undefined> | undefined;
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
    this.#tidier = new Tidier(options.log, () => this.owned);
    this.#room = new Room(this.#files, layout.root, options.reserveBytes ?? defaultReserve, this.#patience);
    this.#committer = new Committer({
      files: this.#files,
      layout,
      folders: this.#folders,
      resubmissions: this.#resubmissions,
      tidier: this.#tidier,
      patience: this.#patience,
      assertOwned: () => this.#assertOwned(),
      onCommitted: (message) => this.#show(summaryOf(message)),
    });
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
    this.#assertOpen();
    await this.#room.assert(size);
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
        return this.#committer.commit(id, body, message);
      },
      discard: () => {
        once();
        void this.#tidier.remove(id, () => body.discard());
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
    return this.#change(id, () => this.#update(id, changes));
  }

  /**
   * The message leaves: that is recorded, and its files go. Resolves when it can never be found again after a crash;
   * works on a full disk, then without the record. Rejects with SpoolError if the disk takes neither: the message is
   * gone from memory all the same, and its removal is tried again.
   */
  finish(id: string, ending: Ending): Promise<void> {
    return this.#change(id, () => this.#finish(id, ending));
  }

  /** Octets free for mail, as they were a moment ago. Rejects with SpoolError. */
  freeBytes(): Promise<number> {
    return this.#room.bytes();
  }

  /** Undefined if new mail can be taken now, else what is wrong: for readiness. Writes a file to see. */
  problem(): Promise<string | undefined> {
    this.#probe ??= this.#problem().finally(() => (this.#probe = undefined));
    return this.#probe;
  }

  /** Waits for what is under way, then gives the lock free. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
    await this.#committer.close();
    await this.#tidier.close();
    await this.#sent.close();
    await this.#lock.release();
  }

  async #problem(): Promise<string | undefined> {
    const path = join(this.layout.folder(names.incoming), 'probe');
    const write = async (): Promise<void> => {
      await this.#files.remove(path);
      await writeNew(this.#files, path, Buffer.from('can it be written?\n'));
      await this.#files.remove(path);
    };
    try {
      this.#assertOpen();
      await this.#room.assert(0);
      await within(this.#patience, write());
      return undefined;
    } catch (error) {
      return `spool: ${spoolError(error).message}`;
    }
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

  async #update(id: string, changes: Changes): Promise<Message> {
    const before = await this.load(id);
    const message = this.#withKey(changed(before, changes), before);
    const { state } = message;
    const temporary = this.layout.part(names.incoming, id, 'json');
    try {
      if (this.#tidier.isLeft(temporary)) await this.#files.remove(temporary);
      await writeNew(this.#files, temporary, formatRecord(message));
      this.#assertOwned();
      await this.#files.rename(temporary, this.layout.record(state, id));
    } catch (error) {
      await this.#tidier.remove(temporary, () => this.#files.remove(temporary));
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

  async #finish(id: string, { answer, result }: Ending): Promise<void> {
    const { state, ...summary } = this.#find(id);
    const message = await this.load(id).catch(() => undefined);
    this.#assertOwned();
    const departure: Departure = { id, at: Date.now(), result, key: message?.key };
    this.#leave({ state, ...summary }, departure);
    try {
      await this.#sent.append(departure, detailsOf(message, answer));
    } catch (error) {
      this.#options.log.warn({ id, error: String(error) }, 'a message has left and cannot be recorded');
      const isGone = await this.#tidier.remove(id, () =>
        withdraw(this.#files, this.layout, id, state, this.#folders[state]),
      );
      if (!isGone) throw spoolError(error);
      return;
    }
    await this.#tidier.remove(id, async () => {
      await this.#files.remove(this.layout.record(state, id));
      await this.#files.remove(this.layout.body(state, id));
    });
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

  async #syncAll(): Promise<void> {
    for (const state of committedStates) await this.#folders[state].sync();
  }

  /** Nothing new is begun once it is closed; what was begun before ends. */
  #assertOpen(): void {
    if (this.#closed) throw new SpoolError('trouble', 'the spool is closed');
    this.#assertOwned();
  }

  #assertOwned(): void {
    if (!this.#lock.owned) throw new SpoolError('trouble', 'the lock of the spool is not ours');
  }

  async #change<T>(id: string, task: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const work = this.#changes.run(id, async () => {
      this.#assertOwned();
      return task();
    });
    this.#active.add(work);
    try {
      return await work;
    } finally {
      this.#active.delete(work);
    }
  }
}

function rethrow(error: unknown): never {
  throw spoolError(error);
}
