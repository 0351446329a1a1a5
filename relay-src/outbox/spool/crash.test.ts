/**
 * The power fails after every single file operation of a day in the spool's life. What was not synced is kept,
 * dropped or torn, part by part; then the spool is opened again, and what it finds is compared with what had been
 * promised by then. `testing/power-failure.ts` says what a disk may do.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { NewMessage, State } from './message.ts';
import { Spool } from './spool.ts';
import { MemoryDisk } from './testing/memory-disk.ts';
import type { Thoroughness } from './testing/power-failure.ts';
import type { Operation } from './testing/tree.ts';

const root = '/spool';
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const open = (files: MemoryDisk): Promise<Spool> =>
  Spool.open(root, {
    owner: 'pod',
    log,
    files,
    lock: { lease: 60_000, heartbeat: 8 },
    onLost: (reason) => {
      throw new Error(reason);
    },
  });

/** A promise to the outside world, with the number of operations after which it began to hold. */
interface Moment {
  readonly at: number;
  /** Key of the message: the scenario's name for it. */
  readonly key: string;
  readonly what: 'asked' | 'kept' | 'leaving' | 'left';
  /** For `kept`: where it is, and how often it was changed. */
  readonly state?: State;
  readonly revision?: number;
}

const bodyOf = (key: string): string => `Subject: ${key}\r\n\r\n${key.repeat(20)}\r\n`;

/** The scenario, and what was promised when. */
class Day {
  readonly disk = new MemoryDisk();
  readonly moments: Moment[] = [];
  readonly ids = new Map<string, string>();

  note(moment: Omit<Moment, 'at'>): void {
    this.moments.push({ ...moment, at: this.disk.log.length });
  }

  async accept(spool: Spool, key: string, more: Partial<NewMessage> = {}): Promise<boolean> {
    const incoming = await spool.receive();
    incoming.write(Buffer.from(bodyOf(key)));
    if (!this.ids.has(key)) this.ids.set(key, incoming.id);
    this.note({ key, what: 'asked' });
    const { resubmitted } = await incoming.commit({
      sender: 'app@example.com',
      headerFrom: 'app@example.com',
      mailbox: 'app@example.com',
      recipients: ['one@example.org'],
      smtpUtf8: false,
      key,
      ...more,
    });
    if (!resubmitted) this.note({ key, what: 'kept', state: more.state ?? 'queued', revision: 0 });
    return resubmitted;
  }

  async update(spool: Spool, key: string, state?: State): Promise<void> {
    const { revision } = await spool.update(this.id(key), {
      ...(state === undefined ? {} : { state }),
      memory: 'draft',
      attempt: { at: 0, seconds: 1, result: 'deferred', answer: '503' },
    });
    this.note({ key, what: 'kept', revision, state: spool.summary(this.id(key))?.state ?? 'queued' });
  }

  async finish(spool: Spool, key: string, result: 'sent' | 'deleted' = 'sent'): Promise<void> {
    this.note({ key, what: 'leaving' });
    await spool.finish(this.id(key), { result, answer: '202' });
    this.note({ key, what: 'left' });
  }

  id(key: string): string {
    return this.ids.get(key) ?? '';
  }

  /** Accepted alone and together, sent, deferred, held, failed, tried again, handed in again, deleted, imported. */
  async run(): Promise<void> {
    const spool = await open(this.disk);
    await this.accept(spool, 'alone');
    await this.finish(spool, 'alone');
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => this.accept(spool, key)));
    expect(await this.accept(spool, 'a')).toBe(true);
    await Promise.all([this.update(spool, 'a'), this.finish(spool, 'b'), this.update(spool, 'c', 'held')]);
    expect(await this.accept(spool, 'b')).toBe(true);
    await this.update(spool, 'a', 'failed');
    await this.accept(spool, 'imported', { state: 'failed' });
    await Promise.all([this.update(spool, 'a', 'queued'), this.finish(spool, 'd', 'deleted')]);
    await this.update(spool, 'c');
    await this.update(spool, 'c', 'queued');
    await Promise.all([this.finish(spool, 'c'), this.accept(spool, 'last')]);
    // A disk without room takes no mail, and lets mail go without its record.
    this.disk.full = /\.json$/;
    await expect(this.accept(spool, 'refused')).rejects.toMatchObject({ kind: 'full' });
    this.disk.full = /\.jsonl$/;
    await this.finish(spool, 'last');
    this.disk.full = undefined;
    await spool.close();
  }
}

/** What the spool holds, each message read whole; and whether the folders hold nothing else. */
async function look(disk: MemoryDisk, spool: Spool) {
  const found = new Map<string, { state: State; revision: number }>();
  for (const { id } of spool.messages()) {
    const { key = '', state, revision } = await spool.load(id);
    expect(found.has(key)).toBe(false);
    expect((await spool.read(id)).toString()).toBe(bodyOf(key));
    found.set(key, { state, revision });
  }
  const parts = disk.paths().filter((path) => /\.(eml|json)$/.test(path) && !path.includes('/damaged/'));
  expect(parts).toHaveLength(2 * found.size);
  expect(parts.filter((path) => path.includes('/incoming/'))).toEqual([]);
  return found;
}

/** Compares what is found with what was promised when the power failed. */
async function check(day: Day, operations: number, disk: MemoryDisk): Promise<void> {
  const spool = await open(disk);
  const found = await look(disk, spool);
  for (const key of day.ids.keys()) {
    const now = day.moments.filter((moment) => moment.key === key && moment.at <= operations);
    const has = (what: Moment['what']): boolean => now.some((moment) => moment.what === what);
    const kept = now.findLast(({ what }) => what === 'kept');
    const message = found.get(key);
    found.delete(key);
    if (has('left')) expect(message).toBeUndefined();
    else if (kept === undefined) {
      // Nobody was promised anything: it may be there, if somebody asked.
      expect(message === undefined || has('asked')).toBe(true);
      continue;
    } else if (!has('leaving')) expect(message).toBeDefined();
    // A change that was under way may have come through, one that was promised must have.
    if (message?.revision === kept?.revision) expect(message?.state).toBe(kept?.state);
    else if (message !== undefined) expect(message.revision).toBe((kept?.revision ?? 0) + 1);
    expect(disk.paths().filter((path) => path.includes(`/damaged/${day.ids.get(key)}`))).toEqual([]);
  }
  expect([...found.keys()]).toEqual([]);
  await spool.close();
}

/** All disks that may be found after each operation; each one that differs, or was promised more, once. */
function* failures(
  day: Day,
  thoroughness: Thoroughness,
  ignored?: (operation: Operation) => boolean,
): Generator<{ readonly operations: number; readonly promises: number; readonly disk: MemoryDisk }> {
  const seen = new Set<string>();
  for (let operations = 0; operations <= day.disk.log.length; operations += 1) {
    const promises = day.moments.filter(({ at }) => at <= operations).length;
    for (const disk of day.disk.afterFailure(operations, thoroughness, ignored)) {
      const print = `${promises} ${disk.fingerprint()}`;
      if (!seen.has(print)) yield { operations, promises, disk };
      seen.add(print);
    }
  }
}

/** What had been done last, and what was found, in the message of a check that fails. */
async function checkAt(day: Day, operations: number, disk: MemoryDisk): Promise<void> {
  const before = disk.fingerprint();
  await check(day, operations, disk).catch((error: unknown) => {
    const last = day.disk.log.slice(Math.max(0, operations - 8), operations);
    const done = last.map((one) => JSON.stringify(one).slice(0, 150)).join('\n');
    throw new Error(`after operation ${operations}:\n${done}\nfound:\n${before}`, { cause: error });
  });
}

const day = new Day();
beforeAll(() => day.run());

describe('when the power fails', () => {
  it('all that was promised is found, once and whole, after every operation', async () => {
    let disks = 0;
    for (const { operations, disk } of failures(day, 'each')) {
      await checkAt(day, operations, disk);
      disks += 1;
    }
    expect(disks).toBeGreaterThan(500);
  }, 120_000);

  it('and fails again while that is put in order', async () => {
    const seen = new Set<string>();
    for (const { operations, promises, disk } of failures(day, 'extremes')) {
      const spool = await open(disk);
      const steps = disk.log.length;
      for (let step = 0; step <= steps; step += 1) {
        for (const again of disk.afterFailure(step, 'extremes')) {
          const print = `${promises} ${again.fingerprint()}`;
          if (!seen.has(print)) await checkAt(day, operations, again);
          seen.add(print);
        }
      }
      await spool.close();
    }
    expect(seen.size).toBeGreaterThan(100);
  }, 120_000);

  // What this test is worth: on a disk that loses one kind of fsync, promises are broken.
  it.each(['.eml', '.json', '.jsonl', 'queued', 'held', 'failed', 'sent'])(
    'a missing fsync of %s is noticed',
    async (what) => {
      const inodes = new Set(
        day.disk.log.flatMap((one) => (one.kind === 'create' && one.path.endsWith(what) ? [one.inode] : [])),
      );
      const isLost = (one: Operation): boolean =>
        (one.kind === 'sync' && inodes.has(one.inode)) ||
        (one.kind === 'syncFolder' && one.folder.endsWith(`/${what}`));
      const run = async (): Promise<void> => {
        for (const { operations, disk } of failures(day, 'extremes', isLost)) {
          await check(day, operations, disk);
        }
      };
      await expect(run()).rejects.toThrow();
    },
  );
});
