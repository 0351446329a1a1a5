/**
 * One process writes a spool. The lock is a file with a lease: its owner renews it, and who wants it waits until it
 * was not renewed for the whole lease, by its own clock, since clocks of two nodes differ. A lock by process id
 * would be worth nothing: every process is number 1 in its container. What a lease cannot prevent is in
 * `docs/spool.md`.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { spoolError, UnusableSpool } from './errors.ts';
import type { Files } from './files.ts';
import type { Layout } from './layout.ts';
import type { SpoolLog } from './log.ts';

export interface LockTimes {
  /** Milliseconds without a renewal after which the lock is free. */
  readonly lease: number;
  /** Milliseconds between two renewals. */
  readonly heartbeat: number;
}

export const lockTimes: LockTimes = { lease: 15_000, heartbeat: 2000 };

const content = z.object({
  owner: z.string(),
  token: z.string(),
  host: z.string(),
  since: z.string(),
  renewed: z.string(),
});
type Content = z.infer<typeof content>;

/** Every record has this many octets, so that renewing takes no room on a full disk. */
const recordBytes = 512;

/** Who we are: the pod, of which only one container runs at a time; else this very process. */
export function ownerFrom(environment: Readonly<Record<string, string | undefined>>): string {
  const pod = environment['POD_UID'] ?? '';
  return pod === '' ? `${hostname()} since ${new Date().toISOString()}` : pod;
}

export interface LockOptions {
  readonly files: Files;
  readonly layout: Layout;
  readonly owner: string;
  readonly times: LockTimes;
  readonly log: SpoolLog;
  /** Another process has it. */
  readonly onLost: (reason: string) => void;
}

export class Lock {
  readonly #options: LockOptions;
  readonly #token: string = randomUUID();
  readonly #since = new Date().toISOString();
  /** By the monotonic clock. */
  #renewed = -Infinity;
  #lost = false;
  #released = false;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();

  private constructor(options: LockOptions) {
    this.#options = options;
  }

  /** Waits until nobody else has it. Rejects if a live process of ours has. */
  static async acquire(options: LockOptions): Promise<Lock> {
    const lock = new Lock(options);
    await lock.#acquire();
    lock.#renewed = performance.now();
    lock.#schedule();
    return lock;
  }

  /**
   * True while nobody else can have it. False for a while when it could not be renewed in time (a disk that hangs),
   * for ever once another process has it.
   */
  get owned(): boolean {
    const { lease, heartbeat } = this.#options.times;
    return !this.#lost && performance.now() < this.#renewed + lease - heartbeat;
  }

  /** Gives it free, if it is still ours. */
  async release(): Promise<void> {
    const { files, layout } = this.#options;
    this.#released = true;
    clearTimeout(this.#timer);
    await this.#renewing;
    if (this.#lost || (await this.#read())?.token !== this.#token) return;
    this.#lost = true;
    // It stays, and says that it is free: on a full disk the next process could not make a new one, and the queue
    // that filled the disk would never be sent.
    await files.overwrite(layout.file('lock'), this.#record({ owner: '', token: '' }));
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew().finally(() => {
        if (!this.#lost && !this.#released) this.#schedule();
      });
    }, this.#options.times.heartbeat);
    this.#timer.unref();
  }

  async #acquire(): Promise<void> {
    const { log, owner, times } = this.#options;
    let seen: string | undefined;
    let since = performance.now();
    for (;;) {
      const holder = await this.#read();
      const now = performance.now();
      if (holder === undefined) {
        if (await this.#take(undefined)) return;
        continue;
      }
      const answers = await this.#answers();
      if (holder.owner === owner) {
        if (answers) throw new UnusableSpool(`another process of ${owner} uses this spool`);
        if (await this.#take(holder)) return;
        continue;
      }
      const record = `${holder.token} ${holder.renewed}`;
      if (record !== seen || answers) {
        if (seen === undefined)
          log.warn({ holder: holder.owner, since: holder.since }, 'waiting for the lock of the spool');
        seen = record;
        since = now;
      } else if (now - since >= times.lease) {
        log.warn({ holder: holder.owner, renewed: holder.renewed }, 'the lease of the spool has ended');
        if (await this.#take(holder)) return;
      }
      await sleep(times.heartbeat / 2);
    }
  }

  /** Puts our record there. False if somebody else was faster. */
  async #take(before: Content | undefined): Promise<boolean> {
    const { files, layout, owner, times } = this.#options;
    const temporary = `${layout.file('lock')}.${this.#token}`;
    const hasRoom = await this.#write(temporary);
    if ((await this.#read())?.token !== before?.token) {
      await files.remove(temporary);
      return false;
    }
    if (hasRoom) {
      await files.rename(temporary, layout.file('lock'));
      await files.syncFolder(layout.root);
    } else {
      await files.remove(temporary);
      await files.overwrite(layout.file('lock'), this.#record());
    }
    // Another one that waited may do the same now; the last record counts. Our own pod's container has no rival.
    if (before?.owner !== owner) await sleep(times.heartbeat / 8);
    return (await this.#read())?.token === this.#token;
  }

  /** A new file with our record. False if the disk is full. */
  async #write(path: string): Promise<boolean> {
    const { files } = this.#options;
    await files.remove(path);
    try {
      const file = await files.create(path);
      try {
        await file.write([this.#record()]);
        await file.sync();
      } finally {
        await file.close();
      }
      return true;
    } catch (error) {
      if (spoolError(error).kind === 'full') return false;
      throw error;
    }
  }

  async #renew(): Promise<void> {
    const { files, layout, log, onLost } = this.#options;
    if (this.#lost) return;
    const begun = performance.now();
    try {
      const holder = await this.#read();
      if (holder?.token !== this.#token) {
        this.#lost = true;
        onLost(holder === undefined ? 'its lock file is gone' : `${holder.owner} has its lock`);
        return;
      }
      await files.overwrite(layout.file('lock'), this.#record());
      this.#renewed = begun;
      if (this.#failing) log.info({}, 'the lock of the spool is renewed again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.error({ error: String(error) }, 'cannot renew the lock of the spool');
      this.#failing = true;
    }
  }

  #record(holder = { owner: this.#options.owner, token: this.#token }): Buffer {
    const record: Content = {
      ...holder,
      host: hostname(),
      since: this.#since,
      renewed: new Date().toISOString(),
    };
    return Buffer.from(`${JSON.stringify(record).padEnd(recordBytes - 1)}\n`);
  }

  /** Undefined if nobody has it. What cannot be read is somebody's who renews it not. */
  async #read(): Promise<Content | undefined> {
    const bytes = await this.#options.files.read(this.#options.layout.file('lock'));
    if (bytes === undefined) return undefined;
    try {
      const holder = content.parse(JSON.parse(bytes.toString()));
      return holder.token === '' ? undefined : holder;
    } catch {
      return { owner: 'unknown', token: bytes.toString('base64'), host: '', since: '', renewed: '' };
    }
  }

  /** Whether a process on this machine serves the spool: certain, where it says yes. */
  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#options.layout.file('control'));
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }
}
