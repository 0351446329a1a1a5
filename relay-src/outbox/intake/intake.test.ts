/** Accept over real sockets, onto a real disk. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLog } from '../../daemon/log.ts';
import { parseSenderList } from '../../smtp/senders.ts';
import { RawClient } from '../../testing/raw-client.ts';
import { errorFiles } from '../spool/testing/error-files.ts';
import { Spool } from '../spool/spool.ts';
import type { IntakeRecord } from './intake.ts';
import { startListener, type Listener } from './listener.ts';

const { log } = createLog({ level: 'silent', format: 'json' });
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

const fault = errorFiles();
let folder = '';
let spool: Spool;
let listener: Listener;
let records: IntakeRecord[] = [];

const open = (): Promise<Spool> =>
  Spool.open(folder, {
    owner: 'pod',
    log: quiet,
    reserveBytes: 0,
    patience: 1000,
    lock: { lease: 60_000, heartbeat: 40 },
    onLost: () => undefined,
    files: fault.files,
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intake-'));
  records = [];
  fault.clear();
  spool = await open();
  const senders = parseSenderList(['ok.example', 'one@other.example']);
  if (typeof senders === 'string') throw new Error(senders);
  listener = await startListener({
    spool,
    hostname: 'outbox.example',
    listen: { host: '127.0.0.1', port: 0 },
    log,
    maxSize: 100_000,
    senders,
    transport: {
      maxSize: 50_000,
      mailboxOf: ({ headerFrom }) => headerFrom,
      refuse: async ({ header }) =>
        header.includes('X-Refuse: yes')
          ? { code: 554, status: '5.6.0', text: 'To cannot be\r\nparsed' }
          : undefined,
    },
    onEnd: (record) => records.push(record),
  });
});

afterEach(async () => {
  fault.clear();
  await listener.stop(0);
  await spool.close();
  rmSync(folder, { recursive: true });
});

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(listener.port);
  await client.reply();
  await client.ask('EHLO mx.example');
  return client;
}

interface Mail {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly header?: string;
  readonly tx?: string;
  readonly body?: string;
}

/** All replies of one transaction in one go. */
async function send(client: RawClient, mail: Mail): Promise<string> {
  const { from = 'app@ok.example', to = ['a@x.example'], header = 'From: app@ok.example', tx } = mail;
  const received =
    tx === undefined ? '' : `Received: from c ([1.2.3.4])\r\n\tby mx with ESMTP id ${tx};\r\n\tnow\r\n`;
  const lines = [`MAIL FROM:<${from}>`, ...to.map((one) => `RCPT TO:<${one}>`), 'DATA'];
  for (const line of lines) {
    const [reply = ''] = await client.ask(line);
    if (!/^[23]/.test(reply)) return reply;
  }
  return (await client.ask(`${received}${header}\r\n\r\n${mail.body ?? 'Hello'}\r\n.`)).join(' / ');
}

const idOf = (reply: string): string => /^250 2\.0\.0 queued as (\S+)$/.exec(reply)?.[1] ?? reply;

describe('an accepted message', () => {
  it('is in the spool as it came, below a Received with its queue id', async () => {
    const client = await connect();
    const to = ['a@x.example', 'b@x.example', 'a@x.example'];
    const reply = await send(client, { to, tx: 'tx1', body: '..dotted' });
    const id = idOf(reply);
    expect(await spool.load(id)).toMatchObject({
      sender: 'app@ok.example',
      headerFrom: 'app@ok.example',
      mailbox: 'app@ok.example',
      recipients: ['a@x.example', 'b@x.example'],
      tx: 'tx1',
    });
    const text = (await spool.read(id)).toString();
    expect(text).toMatch(
      new RegExp(`^Received: from mx.example \\(.*\\)\r\n\tby outbox.example with ESMTP id ${id};`),
    );
    expect(text).toMatch(/id tx1;\r\n\tnow\r\nFrom: app@ok.example\r\n\r\n\.dotted\r\n$/);
    expect(records).toMatchObject([{ id, tx: 'tx1', outcome: 'accepted' }]);
    client.close();
  });

  it('that comes again with another Received is the first one; with another octet it is not', async () => {
    const client = await connect();
    const header = 'From: app@ok.example\r\nMessage-ID: <1@app.example>';
    const first = await send(client, { header, tx: 'tx1' });
    expect(await send(client, { header, tx: 'tx2' })).toBe(first);
    for (const other of [
      { header, body: 'Hallo' },
      { header, to: ['b@x.example'] },
      { header, from: 'bob@ok.example' },
      { header: header.replace('1@', '2@') },
    ]) {
      expect(await send(client, { tx: 'tx3', ...other })).not.toBe(first);
    }
    const mailpit = { header: 'From: app@ok.example\r\nMessage-ID:\r\n <1@mailpit>' };
    expect(await send(client, mailpit)).not.toBe(await send(client, mailpit));
    expect(records.map(({ outcome }) => outcome).filter((one) => one === 'resubmitted')).toHaveLength(1);
    client.close();
  });

  it('may have the null sender, if its From is allowed', async () => {
    const client = await connect();
    expect(await send(client, { from: '' })).toMatch(/^250 /);
    expect(await send(client, { from: '', header: 'From: x@evil.example' })).toMatch(/^550 5\.7\.1 /);
    client.close();
  });
});

describe('a refusal', () => {
  it.each<[string, Mail, RegExp]>([
    ['a sender of another domain', { from: 'x@evil.example' }, /^550 5\.7\.1 Sender <x@evil/],
    ['another address of a domain that is not listed', { from: 'two@other.example' }, /^550 5\.7\.1 /],
    ['a From of another', { header: 'From: x@evil.example' }, /^550 5\.7\.1 .*x@evil/],
    ['a folded From', { header: 'From: "app@ok.example"\r\n <x@evil.example>' }, /^550 5\.7\.1 /],
    ['two addresses in From', { header: 'From: app@ok.example, x@evil.example' }, /^550 5\.7\.1 /],
    ['no From', { header: 'Subject: x' }, /^554 5\.6\.0 .*no From/],
    [
      'what the transport refuses',
      { header: 'From: app@ok.example\r\nX-Refuse: yes' },
      /^554 5\.6\.0 To cannot be {2}parsed$/,
    ],
    ['too large', { body: `${'x'.repeat(70)}\r\n`.repeat(800) }, /^552 5\.3\.4 .* 50000 bytes$/],
    ['a loop', { header: `${'Received: x\r\n'.repeat(101)}From: app@ok.example` }, /^554 5\.4\.6 /],
    ['an address literal', { to: ['a@[192.0.2.1]'] }, /^550 5\.1\.2 /],
  ])('%s', async (_, mail, reply) => {
    const client = await connect();
    expect(await send(client, mail)).toMatch(reply);
    client.close();
  });

  it.each<[string, string, RegExp]>([
    ['full', 'ENOSPC', /^452 4\.3\.1 Not enough room/],
    ['read-only', 'EROFS', /^451 4\.3\.0 The queue cannot be written/],
    ['failing', 'EIO', /^451 4\.3\.0 /],
    ['hanging', 'hang', /^451 4\.3\.0 /],
  ])('by a disk that is %s keeps nothing, whatever step fails', async (_, kind, reply) => {
    const steps = ['create', 'write', 'sync', 'rename', 'syncFolder'] as const;
    // Each step that hangs costs as long as the spool is patient.
    for (const step of kind === 'hang' ? (['sync', 'syncFolder'] as const) : steps) {
      const client = await connect();
      fault.fail(step, kind);
      expect(await send(client, {})).toMatch(reply);
      fault.clear();
      expect([...spool.messages()]).toEqual([]);
      client.close();
    }
    expect(fault.syncedAgain).toBe(0);
    const client = await connect();
    const id = idOf(await send(client, {}));
    client.close();
    // What could not be removed then is, at the latest, by the next start.
    await listener.stop(0);
    await spool.close();
    spool = await open();
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => name.includes('.'))).toEqual([`queued/${id}.eml`, `queued/${id}.json`]);
  });
});

describe('the end', () => {
  it('goes on for a session that is open, and answers its QUIT with 221', async () => {
    const client = await connect();
    const stopped = listener.stop(5000);
    expect(await send(client, {})).toMatch(/^250 /);
    expect(await client.ask('QUIT')).toEqual([expect.stringMatching(/^221 /)]);
    await stopped;
    await expect(RawClient.connect(listener.port)).rejects.toThrow('ECONNREFUSED');
  });
});
