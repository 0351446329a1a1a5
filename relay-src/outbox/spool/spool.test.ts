/** The spool on a real disk. What a crash does to it is in `crash.test.ts`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewMessage } from './message.ts';
import { Spool, type SpoolOptions } from './spool.ts';
import { errorFiles } from './testing/error-files.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const message: NewMessage = {
  sender: 'app@example.com',
  headerFrom: 'app@example.com',
  mailbox: 'app@example.com',
  recipients: ['one@example.org', 'two@example.org'],
  smtpUtf8: false,
  key: 'k1',
};
const text = 'From: app@example.com\r\n\r\nHello\r\n';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (options: Partial<SpoolOptions> = {}): Promise<Spool> =>
  Spool.open(folder, {
    owner: 'pod',
    log,
    reserveBytes: 0,
    lock: { lease: 60_000, heartbeat: 40 },
    onLost: (reason) => {
      throw new Error(reason);
    },
    ...options,
  });

async function accept(spool: Spool, change: Partial<NewMessage> = {}, body = text) {
  const incoming = await spool.receive(body.length);
  incoming.write(Buffer.from(body));
  return incoming.commit({ ...message, ...change });
}

const files = (): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(eml|json)$/.test(name))
    .toSorted();

it.each(['after a stop', 'after a crash'])(
  'opens on a full disk %s: what filled it must get out',
  async (how) => {
    const first = await open({ onLost: () => undefined });
    const { id } = await accept(first);
    if (how === 'after a stop') await first.close();
    const fault = errorFiles();
    fault.fail('create', 'ENOSPC');
    const second = await open({ files: fault.files });
    await second.finish(id, { result: 'sent', answer: '202' });
    expect(files()).toEqual([]);
    await first.close();
    await second.close();
  },
);

describe('a message', () => {
  it('is on disk when it is accepted, changes, moves, and leaves a line', async () => {
    const spool = await open();
    const seen: (string | undefined)[] = [];
    spool.onChange((before, after) => seen.push(`${before?.state} → ${after?.state}`));
    const { id } = await accept(spool);
    expect(files()).toEqual([`queued/${id}.eml`, `queued/${id}.json`]);
    expect((await spool.read(id)).toString()).toBe(text);

    const at = Date.UTC(2026, 10, 21);
    await spool.update(id, {
      state: 'held',
      next: at,
      reason: 'asked to',
      attempt: { at, seconds: 1.5, result: 'deferred', answer: '503 later' },
      outcomes: new Map([['one@example.org', { at, result: 'sent', answer: '250 ok' }]]),
    });
    expect(files()).toEqual([`held/${id}.eml`, `held/${id}.json`]);
    await spool.close();

    const again = await open();
    expect([...again.messages()]).toEqual([
      {
        id,
        state: 'held',
        accepted: expect.any(Number),
        since: expect.any(Number),
        next: at,
        attemptCount: 1,
        open: 1,
        bounce: false,
        mailbox: 'app@example.com',
        size: text.length,
      },
    ]);
    expect(await again.load(id)).toMatchObject({ reason: 'asked to', attempts: [{ answer: '503 later' }] });
    await again.finish(id, { result: 'sent', answer: '202' });
    expect(files()).toEqual([]);
    expect(readFileSync(join(folder, 'sent/00000001.jsonl'), 'utf8')).toContain(`"id":"${id}"`);
    await again.close();
    expect(seen).toEqual(['undefined → queued', 'queued → held']);
  });

  it('is received in pieces that do not fit in memory', async () => {
    const spool = await open();
    const incoming = await spool.receive();
    const piece = Buffer.alloc(300_000, 'x');
    for (let i = 0; i < 10; i += 1) {
      incoming.write(piece);
      await incoming.drained();
    }
    expect((await incoming.read()).length).toBe(3_000_000);
    const { id } = await incoming.commit(message);
    expect((await spool.read(id)).equals(Buffer.concat(Array.from({ length: 10 }, () => piece)))).toBe(true);
    const gone = await spool.receive();
    gone.write(piece);
    gone.discard();
    await spool.close();
    expect(files()).toEqual([`queued/${id}.eml`, `queued/${id}.json`]);
  });

  it('is not handed out once its body was changed', async () => {
    const spool = await open();
    const { id } = await accept(spool);
    writeFileSync(join(folder, `queued/${id}.eml`), 'something else');
    await expect(spool.read(id)).rejects.toThrow('its SHA-256 differs');
    await spool.close();
  });
});

describe('a message that is handed in again', () => {
  it('is the first one while that waits, after it was sent, and after a restart', async () => {
    const spool = await open();
    const [first, twin] = await Promise.all([accept(spool), accept(spool)]);
    expect([first.resubmitted, twin]).toEqual([false, { id: first.id, resubmitted: true }]);
    await spool.finish(first.id, { result: 'sent', answer: '202' });
    expect(await accept(spool)).toEqual({ id: first.id, resubmitted: true });
    await spool.close();
    const again = await open();
    expect(await accept(again)).toEqual({ id: first.id, resubmitted: true });
    expect(files()).toEqual([]);
    await again.close();
  });

  it('is the first one when both end in the same moment', async () => {
    const spool = await open();
    const both = [await spool.receive(), await spool.receive()];
    for (const incoming of both) incoming.write(Buffer.from(text));
    const committed = await Promise.all(both.map((incoming) => incoming.commit(message)));
    expect(committed.map(({ resubmitted }) => resubmitted)).toEqual([false, true]);
    expect(new Set(committed.map(({ id }) => id)).size).toBe(1);
    await spool.close();
  });

  it('is a new one after the first has failed', async () => {
    const spool = await open();
    const first = await accept(spool);
    await spool.update(first.id, { state: 'failed' });
    const second = await accept(spool);
    expect(second.resubmitted).toBe(false);
    // An operator who queues the first again means it.
    await spool.update(first.id, { state: 'queued' });
    await spool.close();
    const again = await open();
    expect([...again.messages()].map(({ id }) => id)).toEqual([first.id, second.id]);
    await again.close();
  });
});

describe('a full disk', () => {
  it('takes no new mail, and lets mail go', async () => {
    const spool = await open();
    const { id } = await accept(spool);
    await spool.close();
    const full = await open({ reserveBytes: 2 ** 60 });
    await expect(full.receive()).rejects.toMatchObject({ kind: 'full' });
    expect(await full.problem()).toContain('octets');
    await full.finish(id, { result: 'sent', answer: '202' });
    await full.close();
    expect(files()).toEqual([]);
  });
});
