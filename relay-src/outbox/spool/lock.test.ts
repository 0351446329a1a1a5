/** The lock between two processes, played by two locks. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { realFiles } from './files.ts';
import { Layout } from './layout.ts';
import { Lock } from './lock.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const times = { lease: 600, heartbeat: 40 };

let folder = '';
let lost: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  lost = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const acquire = (owner: string): Promise<Lock> =>
  Lock.acquire({
    files: realFiles,
    layout: new Layout(folder),
    owner,
    times,
    log,
    onLost: (reason) => lost.push(`${owner}: ${reason}`),
  });

const file = (): string => join(folder, 'lock');
const holder = (): unknown => JSON.parse(readFileSync(file(), 'utf8'));

/** What kill -9 leaves of an owner: its file, which nobody renews. */
async function dead(owner: string): Promise<void> {
  const lock = await acquire(owner);
  const left = readFileSync(file());
  await lock.release();
  writeFileSync(file(), left);
}

it('goes from one to the next at once, when it was given free', async () => {
  const first = await acquire('a');
  expect(first.owned).toBe(true);
  await first.release();
  expect(first.owned).toBe(false);
  const second = await acquire('b');
  expect(holder()).toMatchObject({ owner: 'b' });
  await second.release();
});

it('is waited for while it is renewed, and for the lease after that', async () => {
  const first = await acquire('a');
  let got = false;
  const second = acquire('b').then((lock) => {
    got = true;
    return lock;
  });
  await sleep(2 * times.lease);
  expect(got).toBe(false);
  await first.release();
  await (await second).release();

  await dead('a');
  const begun = performance.now();
  const third = await acquire('b');
  expect(performance.now() - begun).toBeGreaterThan(times.lease);
  await third.release();
});

it('of the same pod is taken at once, unless a process answers on its socket', async () => {
  await dead('pod');
  await (await acquire('pod')).release();
  await dead('pod');
  const server = createServer().listen(join(folder, 'control'));
  await once(server, 'listening');
  await expect(acquire('pod')).rejects.toThrow('another process of pod uses this spool');
  server.close();
});

it('is lost to whoever has put a lock in its place, and not taken back', async () => {
  const first = await acquire('a');
  const record = readFileSync(file(), 'utf8');
  writeFileSync(file(), record.replace(/"token":"[^"]*"/, '"token":"x"').replace('"a"', '"b"'));
  await sleep(4 * times.heartbeat);
  expect(lost).toEqual(['a: b has its lock']);
  expect(first.owned).toBe(false);
  await first.release();
  expect(holder()).toMatchObject({ owner: 'b' });
});
