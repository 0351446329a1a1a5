/** The whole of outbox between real sockets: clients, the fake Graph, a next hop in Mailpit's place. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLog } from '../daemon/log.ts';
import { startFakeGraph, defaultApp, type FakeGraph } from '../testing/fake-graph/server.ts';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';
import { parseConfig, type Config } from './config.ts';
import { smarthostSchema } from './smarthost/config.ts';
import { createSmarthostTransport } from './smarthost/transport.ts';
import { startOutbox, type Outbox, type Parts } from './outbox.ts';
import type { Message } from './spool/message.ts';
import { createTransport } from './transports.ts';

// On a machine that may have other things to do.
jest.setTimeout(30_000);

const { log } = createLog({ level: 'silent', format: 'json' });
let graph: FakeGraph;
let mailpit: FakeUpstream;
let folder = '';
let outbox: Outbox;

beforeAll(async () => {
  graph = await startFakeGraph();
  mailpit = new FakeUpstream({ offers: ['SIZE 52428800', '8BITMIME', 'SMTPUTF8'] });
  await mailpit.start();
});
afterAll(async () => {
  await graph.stop();
  await mailpit.stop();
  expect(graph.failures).toEqual([]);
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outbox-'));
  mailpit.messages.length = 0;
  outbox = await start();
});
afterEach(async () => {
  await outbox.stop(50);
  graph.faults.clear();
  graph.consent = true;
  rmSync(folder, { recursive: true });
});

/** Waits that fit a test; what a person may write is longer. */
const retry = { first: 30, longest: 200, unknown: 100, maxAge: 60_000 };

async function start(
  config: Partial<Config> = {},
  parts: Partial<Parts> = {},
  keys: object = {},
): Promise<Outbox> {
  const { tenant, clientId, clientSecret } = defaultApp;
  const text = {
    listen: '127.0.0.1:0',
    metrics: '127.0.0.1:0',
    spool: join(folder, 'spool'),
    hostname: 'outbox.example',
    bounces: { from: 'mailer-daemon@example.com' },
    copy: { port: mailpit.port },
    transport: {
      kind: 'graph',
      tenant,
      clientId,
      clientSecret,
      loginUrl: graph.url,
      graphUrl: graph.url,
      ca: graph.caFile,
      ...keys,
    },
  };
  const whole = { ...parseConfig(JSON.stringify(text), 'test'), retry, ...config };
  return startOutbox(whole, {
    log,
    transport: await createTransport(whole, log),
    owner: 'test',
    onLost: () => undefined,
    spool: { reserveBytes: 0, lock: { lease: 10_000, heartbeat: 100 } },
    copyPause: { first: 10, most: 50 },
    ...parts,
  });
}

let number = 0;

/** Hands in a message; resolves with the last reply. */
async function send(from = 'app@example.com', to = ['a@example.org']): Promise<string> {
  const client = await RawClient.connect(outbox.ports.smtp);
  await client.reply();
  await client.ask('EHLO client.example');
  await client.ask(`MAIL FROM:<${from}>`);
  for (const one of to) await client.ask(`RCPT TO:<${one}>`);
  await client.ask('DATA');
  number += 1;
  await client.send(
    `From: ${from}\r\nTo: a@example.org\r\nMessage-ID: <${number}@app>\r\n\r\nHello ${number}\r\n.\r\n`,
  );
  const [reply = ''] = await client.reply();
  expect(await client.ask('QUIT')).toEqual([expect.stringMatching(/^221 /)]);
  return reply;
}

/** The queue id in a 250. */
const idOf = (reply: string): string =>
  /^250 2\.0\.0 queued as (\w{14})$/.exec(reply)?.[1] ?? `none in ${reply}`;

async function until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

const entriesOf = (nth: number) =>
  graph.ledger.entries.filter(({ messageId }) => messageId === `<${nth}@app>`);
const sent = (nth = number): Promise<true> =>
  until(`${nth} is at Graph`, () => (entriesOf(nth).length > 0 ? true : undefined));
const empty = (): Promise<true> =>
  until('the spool is empty', () => ([...outbox.spool.messages()].length === 0 ? true : undefined));
const failed = (id: string): Promise<Message> =>
  until(`${id} has failed`, () =>
    outbox.spool.summary(id)?.state === 'failed' ? outbox.spool.load(id) : undefined,
  );

async function metric(line: RegExp): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${outbox.ports.metrics}/metrics`);
  return Number(line.exec(await response.text())?.[1] ?? NaN);
}

it('250 names the queue id, Graph gets exactly the envelope, Mailpit a copy that shows nobody', async () => {
  const id = idOf(await send('app@example.com', ['a@example.org', 'hidden@example.org']));
  expect(id).toHaveLength(14);
  await sent();
  await empty();
  const [entry] = entriesOf(number);
  expect(entry?.mailbox).toBe('app@example.com');
  expect(entry?.recipients.toSorted()).toEqual(['a@example.org', 'hidden@example.org']);
  const [copy] = await until('the copy is there', () =>
    mailpit.messages.length > 0 ? mailpit.messages : undefined,
  );
  expect(copy?.to).toEqual(['RCPT TO:<a@example.org>', 'RCPT TO:<hidden@example.org>']);
  expect(copy?.body.toString()).toContain(`Hello ${number}`);
  expect(await metric(/^outbox_attempts_total\{result="sent",status="2xx"\} (\d+)$/m)).toBe(1);
  expect(await metric(/^outbox_messages\{state="queued"\} (\d+)$/m)).toBe(0);
});

describe('what goes wrong', () => {
  it('an answer that says nothing for sure: tried again, later, and sent twice if it had been sent', async () => {
    graph.faults.add({ at: 'sendMail', times: 1, status: 504, accept: true });
    await send();
    await empty();
    const [first, second] = entriesOf(number).map(({ time }) => Date.parse(time));
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(retry.unknown - 10);
    expect(await metric(/^outbox_attempts_total\{result="unknown",status="5xx"\} (\d+)$/m)).toBe(1);
  });

  it('an error about the message: it fails, its sender gets a report, the next message goes', async () => {
    graph.faults.add({ at: 'sendMail', times: 1, status: 413, code: 'ErrorMessageSizeExceeded' });
    const message = await failed(idOf(await send()));
    expect(message.outcomes.get('a@example.org')).toMatchObject({ result: 'failed', status: '5.3.4' });
    await until('the report is at Graph', () =>
      graph.ledger.entries.find(
        (one) => one.mailbox === 'mailer-daemon@example.com' && one.recipients.includes('app@example.com'),
      ),
    );
    await send();
    await sent();
  });

  it('consent that is gone: nothing fails, one message probes, all go when it is back', async () => {
    graph.consent = false;
    const before = graph.requests.get('sendMail') ?? 0;
    for (let n = 0; n < 8; n += 1) await send();
    await until('the mailbox is in trouble', async () =>
      (await metric(/^outbox_mailbox_deferred (\d+)$/m)) === 1 ? true : undefined,
    );
    expect([...outbox.spool.messages()].every(({ state }) => state === 'queued')).toBe(true);
    const during = (graph.requests.get('sendMail') ?? 0) - before;
    graph.consent = true;
    await empty();
    expect(during).toBeLessThan(8 * 3);
    expect(await metric(/^outbox_mailbox_deferred (\d+)$/m)).toBe(0);
  });

  it('one throttled mailbox does not hold up another', async () => {
    graph.faults.add({ at: 'sendMail', mailbox: 'busy@example.com', status: 429, retryAfter: '60' });
    await send('busy@example.com');
    await send('app@example.com');
    await sent();
    await until('only that of the throttled mailbox waits', () => {
      const [waiting, another] = [...outbox.spool.messages()];
      return waiting?.mailbox === 'busy@example.com' && another === undefined ? true : undefined;
    });
  });

  it('too old: given up, with a report', async () => {
    await outbox.stop(50);
    outbox = await start({ retry: { ...retry, maxAge: 50 } });
    graph.faults.add({ at: 'sendMail', mailbox: 'app@example.com', status: 503 });
    const message = await failed(idOf(await send()));
    expect(message.outcomes.get('a@example.org')).toMatchObject({ status: '5.4.7' });
    expect(await metric(/^outbox_bounces_total\{result="queued"\} (\d+)$/m)).toBe(1);
  });

  it('too old: its draft goes with it', async () => {
    await outbox.stop(50);
    outbox = await start({ retry: { ...retry, maxAge: 50 } }, {}, { exactlyOnce: true });
    graph.faults.add({ at: 'sendDraft', status: 503 });
    const id = idOf(await send());
    await until('its draft is made', () => (graph.mailboxes.drafts.length > 0 ? true : undefined));
    expect((await failed(id)).memory).toBeUndefined();
    await until('its draft is gone', () => (graph.mailboxes.drafts.length === 0 ? true : undefined));
    expect(entriesOf(number)).toEqual([]);
  });

  it('Mailpit away: the copy waits, delivery does not; too many are dropped', async () => {
    await mailpit.stop();
    await outbox.stop(50);
    const copy = { host: '127.0.0.1', port: mailpit.port, maxMessages: 2, maxBytes: 1e6, maxAge: 60_000 };
    outbox = await start({ copy });
    for (let n = 0; n < 3; n += 1) await send();
    await empty();
    expect(await metric(/^outbox_copies_total\{result="dropped"\} (\d+)$/m)).toBe(1);
    await outbox.stop(50);
    outbox = await start({ copy });
    expect(await metric(/^outbox_copy_queue_messages (\d+)$/m)).toBe(2);
    await mailpit.start();
    await until('both copies are there', () => (mailpit.messages.length === 2 ? true : undefined));
    expect(await metric(/^outbox_copies_total\{result="sent"\} (\d+)$/m)).toBe(2);
  });
});

it('SIGTERM: a session may end its message and hears 221; an attempt under way ends, one queued waits for the next start', async () => {
  graph.faults.add({ at: 'sendMail', delay: 300 });
  const client = await RawClient.connect(outbox.ports.smtp);
  await client.reply();
  await client.ask('EHLO client.example');
  await send();
  const first = number;
  await client.ask('MAIL FROM:<app@example.com>');
  const stopped = outbox.stop(5000);
  await client.ask('RCPT TO:<a@example.org>');
  await client.ask('DATA');
  await client.send(
    'From: app@example.com\r\nTo: a@example.org\r\nMessage-ID: <last@app>\r\n\r\nlast\r\n.\r\n',
  );
  expect(idOf((await client.reply())[0] ?? '')).toHaveLength(14);
  expect(await client.ask('QUIT')).toEqual([expect.stringMatching(/^221 /)]);
  await stopped;
  expect(entriesOf(first)).toHaveLength(1);
  expect(graph.ledger.entries.some(({ messageId }) => messageId === '<last@app>')).toBe(false);
  graph.faults.clear();
  outbox = await start();
  await until('the last one is at Graph', () =>
    graph.ledger.entries.find(({ messageId }) => messageId === '<last@app>'),
  );
});

it('a smarthost says of each recipient what becomes of it', async () => {
  const provider = new FakeUpstream({
    faults: [
      { at: 'RCPT TO:<gone@example.org>', answer: '550 5.1.1 unknown' },
      { at: 'RCPT TO:<full@example.org>', answer: '452 4.2.2 mailbox full', times: 1 },
    ],
  });
  await provider.start();
  const keys = { kind: 'smarthost', host: '127.0.0.1', port: provider.port, tls: 'none' };
  const transport = await createSmarthostTransport(smarthostSchema.parse(keys), { name: 'outbox.example' });
  await outbox.stop(50);
  outbox = await start({}, { transport });
  const message = await failed(
    idOf(await send('app@example.com', ['a@example.org', 'gone@example.org', 'full@example.org'])),
  );
  expect([...message.outcomes]).toMatchObject([
    ['a@example.org', { result: 'sent' }],
    ['gone@example.org', { result: 'failed', status: '5.1.1' }],
    ['full@example.org', { result: 'sent' }],
  ]);
  await until('the report is sent', () =>
    provider.messages.find(({ to }) => to.includes('RCPT TO:<app@example.com>')),
  );
  const taken = provider.messages.map(({ to }) => to.join()).filter((to) => !to.includes('app@'));
  expect(taken).toEqual(['RCPT TO:<a@example.org>', 'RCPT TO:<full@example.org>']);
  await outbox.stop(50);
  await provider.stop();
  outbox = await start();
});
