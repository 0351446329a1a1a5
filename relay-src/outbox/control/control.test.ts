/** The command line over the real socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { createLog } from '../../daemon/log.ts';
import type { NewMessage } from '../spool/message.ts';
import { Spool } from '../spool/spool.ts';
import { addControlCommands } from './commands.ts';
import { startControl, type Control } from './server.ts';

const { log } = createLog({ level: 'silent', format: 'json' });
const message: NewMessage = {
  sender: 'app@example.com',
  headerFrom: 'app@example.com',
  mailbox: 'app@example.com',
  recipients: ['one@example.org', 'two@example.org'],
  smtpUtf8: false,
};
const text = 'From: app@example.com\r\n\r\nHello\r\n';

let folder = '';
let spool: Spool;
let control: Control;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'control-'));
  spool = await Spool.open(folder, {
    owner: 'pod',
    log,
    reserveBytes: 0,
    lock: { lease: 60_000, heartbeat: 40 },
    onLost: () => undefined,
  });
  control = await startControl({ spool, log });
});
afterEach(async () => {
  await control.close();
  await spool.close();
  rmSync(folder, { recursive: true });
});

async function accept(change: Partial<NewMessage> = {}): Promise<string> {
  const incoming = await spool.receive();
  incoming.write(Buffer.from(text));
  return (await incoming.commit({ ...message, ...change })).id;
}

/** What the command prints, and its exit code. */
async function outbox(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const result = { out: '', err: '', code: 0 };
  const program = new Command();
  addControlCommands(program, () => folder, {
    write: (what) => (result.out += what.toString()),
    complain: (what) => (result.err += what),
    exitCode: (code) => (result.code = code),
  });
  await program.parseAsync(args, { from: 'user' });
  return result;
}

it('lists, shows and exports what waits, and shows what was sent', async () => {
  const id = await accept();
  const other = await accept({ state: 'failed', sender: '' });
  const { out } = await outbox('list');
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/^ID +STATE +AGE/),
    expect.stringMatching(
      new RegExp(`^${id} +queued +\\d+s .*<app@example.com> +one@example.org and 1 more$`),
    ),
    expect.stringMatching(new RegExp(`^${other} +failed .* <> `)),
    '',
  ]);
  expect(JSON.parse((await outbox('list', '--json', '--state', 'failed')).out)).toMatchObject({ id: other });
  expect((await outbox('show', id)).out).toContain('"headerFrom": "app@example.com"');
  expect((await outbox('export', id)).out).toBe(text);
  await spool.finish(id, { result: 'sent', answer: '202 Accepted' });
  expect(JSON.parse((await outbox('show', id)).out)).toMatchObject({
    result: 'sent',
    answer: '202 Accepted',
  });
  expect(await outbox('export', id)).toMatchObject({ code: 1, err: `there is no message ${id}` });
});

it('holds, retries and deletes, each after an attempt that is under way', async () => {
  const id = await accept();
  let end = (): void => undefined;
  const attempt = spool.exclusive(id, () => new Promise<void>((resolve) => (end = resolve)));
  const held = outbox('hold', id);
  const early = await Promise.race([held, new Promise((resolve) => setTimeout(resolve, 50, 'waiting'))]);
  expect([early, spool.summary(id)?.state]).toEqual(['waiting', 'queued']);
  end();
  await attempt;
  expect(await held).toEqual({ out: `${id} held\n`, err: '', code: 0 });

  const at = Date.now();
  await spool.update(id, {
    state: 'failed',
    next: at + 9e6,
    outcomes: new Map([
      ['one@example.org', { at, result: 'sent', answer: '250' }],
      ['two@example.org', { at, result: 'failed', answer: '550', status: '5.1.1' }],
    ]),
  });
  expect((await outbox('retry', '--all')).out).toBe('');
  expect((await outbox('retry', '--all', '--state', 'failed')).out).toBe(`${id} queued again, was failed\n`);
  expect(spool.summary(id)).toMatchObject({ state: 'queued', open: 1 });
  expect(spool.summary(id)?.next).toBeLessThanOrEqual(Date.now());

  expect(await outbox('delete', id, 'nosuchmessage0')).toEqual({
    out: `${id} deleted\n`,
    err: 'nosuchmessage0: there is no message nosuchmessage0',
    code: 1,
  });
  expect([...spool.messages()]).toEqual([]);
});

it('of all messages, leaves alone those that an attempt took elsewhere meanwhile', async () => {
  const [sent, failed, queued] = [await accept(), await accept(), await accept()];
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  const attempts = [
    spool.exclusive(sent, () => over.then(() => spool.finish(sent, { result: 'sent', answer: '202' }))),
    spool.exclusive(failed, () => over.then(() => spool.update(failed, { state: 'failed', reason: 'no' }))),
  ];
  const retried = outbox('retry', '--all');
  await new Promise((resolve) => setTimeout(resolve, 50));
  end();
  await Promise.all(attempts);
  expect(await retried).toEqual({ out: `${queued} due now\n`, err: '', code: 0 });
  expect(spool.summary(failed)?.state).toBe('failed');
});

it('looks without the program, and says so where it needs it', async () => {
  const id = await accept();
  await control.close();
  expect((await outbox('list')).out).toContain(id);
  expect(await outbox('retry', id)).toMatchObject({ code: 2, err: expect.stringContaining('does not run') });
  control = await startControl({ spool, log });
  rmSync(join(folder, 'format'));
  expect(await outbox('list')).toMatchObject({ code: 2, err: expect.stringContaining('is not a spool') });
});
