import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certificates,
  defaultApp,
  startFakeGraph,
  type FakeGraph,
  type Fault,
} from '../../testing/fake-graph/server.ts';
import type { Transport, Verdict } from '../transport.ts';
import { onlyVerdict, TestDelivery } from '../../testing/outbox-delivery.ts';
import { testTransport } from './testing.ts';

const folder = mkdtempSync(join(tmpdir(), 'graph-'));
const open: Transport[] = [];
let graph: FakeGraph;

beforeAll(async () => {
  graph = await startFakeGraph({ mailboxes: ['app@example.com', 'shared@example.com'] });
});
afterEach(async () => {
  graph.faults.clear();
  for (const one of open.splice(0)) await one.close();
});
afterAll(async () => {
  await graph.stop();
  rmSync(folder, { recursive: true });
  expect(graph.failures).toEqual([]);
});

async function transport(settings: object = {}, request?: number): Promise<Transport> {
  const made = await testTransport(graph, settings, request);
  open.push(made);
  return made;
}

let counter = 0;
const text = (to = 'a@example.org', from = 'app@example.com'): string => {
  counter += 1;
  return `From: ${from}\r\nTo: ${to}\r\nMessage-ID: <${counter}@app>\r\nSubject: x\r\n\r\nHello ${counter}\r\n`;
};
const delivery = (message = text(), recipients = ['a@example.org']) => new TestDelivery(message, recipients);
const send = async (by: Transport, what = delivery()): Promise<Verdict> =>
  onlyVerdict(await by.deliver(what));
const lastEntry = () => graph.ledger.entries.at(-1);
/** Messages that the ledger has since. */
const arrivals = async (action: () => Promise<unknown>): Promise<number> => {
  const before = graph.ledger.accepted.length;
  await action();
  return graph.ledger.accepted.length - before;
};

describe('sends', () => {
  it('to exactly the envelope, from the mailbox of From, the map, or the one that is forced', async () => {
    const message = text('A <a@example.org>, b@example.org', 'App <App@example.com>');
    const what = new TestDelivery(message, ['a@example.org', 'c@example.org']);
    expect(await send(await transport(), what)).toMatchObject({
      result: 'sent',
      answer: expect.stringMatching(/^202/),
    });
    expect(lastEntry()).toMatchObject({
      mailbox: 'app@example.com',
      recipients: what.recipients,
      via: 'mime',
    });
    const mapped = await transport({ mailboxes: { 'Team@example.com': 'shared@example.com' } });
    await send(mapped, delivery(text('a@example.org', 'team@example.com')));
    expect(lastEntry()).toMatchObject({ mailbox: 'shared@example.com', from: 'team@example.com' });
    const forced = await transport({ forceMailbox: 'shared@example.com' });
    await send(forced);
    expect(lastEntry()).toMatchObject({ mailbox: 'shared@example.com', from: 'app@example.com' });
  });

  it('with a certificate, whose end it tells', async () => {
    const certificate = {
      certificate: { file: certificates.app },
      privateKey: { file: certificates.appKey },
    };
    const by = await transport({ certificate });
    expect(await send(by)).toMatchObject({ result: 'sent' });
    expect(by.expiry().credential).toBeGreaterThan(Date.now());
    expect(by.expiry().token).toBeLessThan(Date.now() + 3_600_000);
  });

  it('through a proxy', async () => {
    const seen: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      seen.push(`${request.url} ${request.headers['proxy-authorization']}`);
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const onward = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      onward.on('error', () => undefined);
      socket.on('error', () => undefined);
      onward.pipe(socket).pipe(onward);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const address = proxy.address();
    const file = join(folder, 'proxy');
    writeFileSync(file, `http://user:word@127.0.0.1:${typeof address === 'object' ? address?.port : ''}\n`);
    const by = await transport({ proxy: { file } });
    expect(await send(by)).toMatchObject({ result: 'sent' });
    expect(seen[0]).toBe(`127.0.0.1:${graph.port} Basic ${Buffer.from('user:word').toString('base64')}`);
    await by.close();
    proxy.close();
    proxy.closeAllConnections();
  });
});

describe('says what became of an attempt', () => {
  it.each<[string, Fault, object]>([
    [
      '429',
      { status: 429, code: 'ApplicationThrottled', retryAfter: '7' },
      { result: 'unknown', scope: 'mailbox' },
    ],
    ['503', { status: 503, code: 'ServiceNotAvailable' }, { result: 'unknown', scope: 'mailbox' }],
    ['500', { status: 500, code: 'ErrorInternalServerError' }, { result: 'unknown', scope: 'message' }],
    ['408', { status: 408, code: 'Timeout' }, { result: 'unknown', scope: 'message' }],
    ['200', { status: 200 }, { result: 'unknown', scope: 'message' }],
    ['no answer', { drop: 'after' }, { result: 'unknown', scope: 'message' }],
    ['202 that throttles', { status: 202, retryAfter: '5' }, { result: 'sent' }],
    ['413', { status: 413, code: 'Whatever' }, { result: 'failed', status: '5.3.4' }],
    ['bad recipient', { status: 400, code: 'ErrorInvalidRecipients' }, { result: 'failed', status: '5.1.3' }],
    ['bad MIME', { status: 400, code: 'ErrorMimeContentInvalid' }, { result: 'failed', status: '5.6.0' }],
    [
      'a code nobody listed',
      { status: 400, code: 'ErrorQuotaExceeded' },
      { result: 'deferred', scope: 'mailbox' },
    ],
    ['403', { status: 403, code: 'ErrorAccessDenied' }, { result: 'deferred', scope: 'mailbox' }],
    ['404', { status: 404, code: 'ErrorInvalidUser' }, { result: 'deferred', scope: 'mailbox' }],
    [
      '401 again',
      { status: 401, code: 'InvalidAuthenticationToken' },
      { result: 'deferred', scope: 'mailbox' },
    ],
  ])('%s', async (_, fault, verdict) => {
    graph.faults.add(fault);
    expect(await send(await transport())).toMatchObject(verdict);
  });

  it('in one clean line, with the time that Retry-After names', async () => {
    const by = await transport();
    graph.faults.add({ times: 1, status: 503, code: 'Ser\r\nvice\u0007 x', retryAfter: '7' });
    const first = await send(by);
    expect(first).toMatchObject({
      answer: expect.stringMatching(/^503 Ser vice {1,2}x: Ser vice {1,2}x \(request-id [-0-9a-f]{36}\)$/),
    });
    expect('notBefore' in first ? (first.notBefore ?? 0) - Date.now() : 0).toBeGreaterThan(5000);
    const date = new Date(Date.now() + 60_000).toUTCString();
    graph.faults.add({ times: 1, status: 429, code: 'x', retryAfter: date });
    expect(await send(by)).toMatchObject({ notBefore: Date.parse(date) });
  });

  it('also where Graph is not reached, or is not Graph', async () => {
    const nobody = await transport({ graphUrl: 'https://127.0.0.1:1' });
    expect(await send(nobody)).toMatchObject({ result: 'deferred', scope: 'mailbox' });
    const distrusted = await transport({ ca: join(import.meta.dirname, '../../testing/tls/cert.pem') });
    expect(await send(distrusted)).toMatchObject({
      result: 'deferred',
      scope: 'mailbox',
      answer: expect.stringMatching(/^no token: /),
    });
  });

  it('and gives up in time', async () => {
    graph.faults.add({ at: 'sendMail', delay: 500 });
    expect(await send(await transport({}, 200))).toEqual({
      result: 'unknown',
      scope: 'message',
      answer: 'no answer within 0.2 s',
    });
    const what = delivery();
    what.signal = AbortSignal.timeout(100);
    expect(await send(await transport(), what)).toMatchObject({ result: 'unknown' });
  });
});

describe('tokens', () => {
  it('are kept, and renewed once when one is refused', async () => {
    const by = await transport();
    const asked = graph.requests.get('token') ?? 0;
    expect(await arrivals(() => Promise.all([send(by), send(by), send(by)]))).toBe(3);
    expect(graph.requests.get('token')).toBe(asked + 2); // its metadata, and one token
    graph.tokens.expire();
    expect(await arrivals(() => Promise.all([send(by), send(by), send(by)]))).toBe(3);
    expect(graph.requests.get('token')).toBe(asked + 4);
  });

  it('are asked for with the secret as its file has it now', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, 'the-old-secret\n');
    const by = await transport({ clientSecret: { file } });
    expect(await send(by)).toMatchObject({
      result: 'deferred',
      scope: 'mailbox',
      answer: expect.stringMatching(/^no token: invalid_client: .*AADSTS7000215/),
    });
    writeFileSync(file, `${defaultApp.clientSecret}\n`);
    expect(await send(by)).toMatchObject({ result: 'sent' });
  });

  it('cannot be had when the credential has expired', async () => {
    graph.tokens.credentialExpired = true;
    const by = await transport({ clientSecretExpires: '2026-01-31' });
    expect(await send(by)).toMatchObject({ result: 'deferred', scope: 'mailbox' });
    expect(by.expiry()).toEqual({ credential: Date.UTC(2026, 0, 31) });
    graph.tokens.credentialExpired = false;
  });
});
