import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { defaultApp, startFakeGraph } from '../../testing/fake-graph/server.ts';
import { FakeUpstream, type FakeUpstreamOptions } from '../../testing/fake-upstream.ts';
import { onlyVerdict, TestDelivery } from '../../testing/outbox-delivery.ts';
import type { Transport, Verdict } from '../transport.ts';
import { smarthostSchema } from './config.ts';
import { createSmarthostTransport } from './transport.ts';

const tls = join(import.meta.dirname, '../../testing/tls');
const ca = join(tls, 'ca.pem');
const message = 'From: app@example.com\r\nTo: a@example.org\r\nBcc: c@example.org\r\n\r\n.Hello\r\n..\r\n';
const [a, b, c] = ['a@example.org', 'b@example.org', 'c@example.org'];

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function transport(settings: object): Promise<Transport> {
  const config = smarthostSchema.parse({
    kind: 'smarthost',
    host: '127.0.0.1',
    ...settings,
  });
  const waits = { connect: 500, reply: 500, block: 500, final: 500, request: 500 };
  const made = await createSmarthostTransport(config, { name: 'relay.example', waits });
  open.push(() => made.close());
  return made;
}

interface Provider {
  readonly port: number;
  readonly mails: {
    readonly user: string | undefined;
    readonly to: readonly string[];
    readonly body: string;
  }[];
  readonly logins: string[];
  /** Connections made over TLS. */
  secure: number;
}

/** A provider's submission server that is not ours: login needed, TLS as told. */
async function provider(options: SMTPServerOptions = {}): Promise<Provider> {
  const seen: Provider = { port: 0, mails: [], logins: [], secure: 0 };
  const server = new SMTPServer({
    key: readFileSync(join(tls, 'server-key.pem')),
    cert: readFileSync(join(tls, 'server.pem')),
    authMethods: ['LOGIN', 'PLAIN', 'XOAUTH2'],
    disableReverseLookup: true,
    onAuth(auth, session, callback) {
      if (session.secure) seen.secure += 1;
      seen.logins.push(`${auth.method} ${auth.username} ${auth.password ?? ''}`);
      const isRight = auth.password === 'pass word' || (auth.accessToken ?? '').startsWith('fake.');
      if (isRight) callback(null, { user: auth.username });
      else callback(new Error('no'));
    },
    onRcptTo({ address }, _, callback) {
      const refusal = Object.assign(new Error('unknown here'), {
        responseCode: address.startsWith('busy') ? 452 : 550,
      });
      callback(/^(busy|gone)/.test(address) ? refusal : null);
    },
    onData(stream, session, callback) {
      void stream.toArray().then((pieces) => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        seen.mails.push({ user: session.user, to, body: Buffer.concat(pieces).toString() });
        callback(null, 'queued as 1');
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  open.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return Object.assign(seen, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 });
}

describe('a provider that wants TLS and a login', () => {
  it.each<[string, object, SMTPServerOptions]>([
    ['STARTTLS and PLAIN', { tls: 'starttls' }, {}],
    ['implicit TLS and LOGIN', { tls: 'implicit' }, { secure: true, authMethods: ['LOGIN'] }],
  ])('%s', async (_, settings, options) => {
    const server = await provider(options);
    const by = await transport({ ...settings, port: server.port, ca, user: 'me', password: 'pass word' });
    const verdicts = await by.deliver(
      new TestDelivery(message, [a, 'gone@example.org', 'busy@example.org', c]),
    );
    expect([...verdicts]).toMatchObject([
      ['gone@example.org', { result: 'failed', status: '5.0.0' }],
      ['busy@example.org', { result: 'deferred', scope: 'message' }],
      [a, { result: 'sent', answer: expect.stringContaining('queued as 1') }],
      [c, { result: 'sent' }],
    ]);
    const body = message.replace('Bcc: c@example.org\r\n', '');
    expect(server.mails).toEqual([{ user: 'me', to: [a, c], body }]);
    await by.deliver(new TestDelivery(message, [a]));
    expect(server).toMatchObject({ secure: 1, mails: [{}, { to: [a] }] });
  });

  it('verifies whom it talks to, and says no password without TLS', async () => {
    const server = await provider();
    const login = { port: server.port, user: 'me', password: 'pass word' };
    const mailbox = { result: 'deferred', scope: 'mailbox' };
    const send = async (settings: object): Promise<Verdict> =>
      onlyVerdict(await (await transport({ ...login, ...settings })).deliver(new TestDelivery(message, [a])));
    expect(await send({})).toMatchObject(mailbox); // an authority that nobody told us to trust
    expect(await send({ ca: join(tls, 'cert.pem') })).toMatchObject(mailbox);
    expect(await send({ ca, host: 'localhost.localdomain' })).toMatchObject(mailbox);
    const plain = await provider({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    expect(await send({ ca, port: plain.port })).toMatchObject({
      ...mailbox,
      answer: 'next hop does not offer STARTTLS',
    });
    expect([...server.logins, ...plain.logins]).toEqual([]);
  });

  it.each(['220 go ahead\n250 hello', '220 go ahead\n250-hel'])(
    'takes no answer in clear after STARTTLS, and does not wait: %j',
    async (answer) => {
      const server = new FakeUpstream({ offers: ['STARTTLS'], faults: [{ at: 'STARTTLS', answer }] });
      await server.start();
      open.push(() => server.stop());
      const by = await transport({ port: server.port, tls: 'starttls', ca });
      expect(onlyVerdict(await by.deliver(new TestDelivery(message, [a])))).toMatchObject({
        result: 'deferred',
        scope: 'mailbox',
      });
      expect(server.commands).toEqual([]);
    },
  );

  it('blames the account for a login that is refused', async () => {
    const server = await provider();
    const by = await transport({ port: server.port, ca, user: 'me', password: 'wrong' });
    expect(onlyVerdict(await by.deliver(new TestDelivery(message, [a])))).toMatchObject({
      result: 'deferred',
      scope: 'mailbox',
      answer: expect.stringMatching(/^login refused: 535 /),
    });
  });

  it('logs in with a token, renewed once when it is refused', async () => {
    const graph = await startFakeGraph();
    open.push(() => graph.stop());
    let refusals = 1;
    const server = await provider({
      onAuth(auth, _, callback) {
        if (graph.tokens.accepts(`Bearer ${auth.accessToken}`) && (refusals -= 1) < 0)
          callback(null, { user: auth.username });
        else callback(null, { data: { status: '401', schemes: 'bearer', scope: 'x' } });
      },
    });
    const { clientId, clientSecret, tenant } = defaultApp;
    const oauth = { clientId, clientSecret, tenant, loginUrl: graph.url, ca };
    const by = await transport({ port: server.port, ca, user: 'me@example.com', oauth });
    expect(onlyVerdict(await by.deliver(new TestDelivery(message, [a])))).toMatchObject({ result: 'sent' });
    expect(server.mails).toMatchObject([{ user: 'me@example.com' }]);
    expect(by.expiry().token).toBeGreaterThan(Date.now());
  });
});

describe('a next hop that fails', () => {
  async function against(options: FakeUpstreamOptions) {
    const upstream = new FakeUpstream(options);
    await upstream.start();
    open.push(() => upstream.stop());
    const by = await transport({ port: upstream.port, tls: 'none' });
    const send = async (what = new TestDelivery(message, [a, b])) => onlyVerdict(await by.deliver(what));
    return { upstream, by, send };
  }

  it.each<[string, string, object]>([
    ['CONNECT', 'close', { result: 'deferred', scope: 'mailbox' }],
    ['CONNECT', '554 5.7.1 no', { result: 'deferred', scope: 'mailbox' }],
    ['EHLO', '421 4.3.2 later', { result: 'deferred', scope: 'mailbox' }],
    ['MAIL', '550 5.7.60 may not send as', { result: 'deferred', scope: 'message' }],
    ['MAIL', '553 5.1.7 bad sender', { result: 'failed', status: '5.1.7' }],
    ['RCPT', '550 5.1.1 unknown', { result: 'failed', status: '5.1.1' }],
    ['RCPT', '530 5.7.57 log in', { result: 'deferred', scope: 'mailbox' }],
    ['DATA', '451 4.3.0 later', { result: 'deferred', scope: 'message' }],
    ['DATA', 'close', { result: 'deferred', scope: 'message' }],
    ['BODY', 'close', { result: 'unknown' }], // the whole small message had left, its dot too
    ['.', '552 5.3.4 too big', { result: 'failed', status: '5.3.4' }],
    ['.', '452 4.3.1 full', { result: 'deferred', scope: 'message' }],
    ['.', 'close', { result: 'unknown', scope: 'message' }],
    ['.', 'silent', { result: 'unknown', scope: 'message' }],
  ])('%s: %s', async (at, answer, verdict) => {
    const { send } = await against({ faults: [{ at, answer }] });
    expect(await send()).toMatchObject(verdict);
  });

  it('in the midst of a long message: nothing was sent', async () => {
    const { send, upstream } = await against({ faults: [{ at: 'BODY', answer: 'close', after: 1000 }] });
    const long = `From: app@example.com\r\n\r\n${`${'x'.repeat(900)}\r\n`.repeat(20_000)}`;
    expect(await send(new TestDelivery(long, [a]))).toMatchObject({ result: 'deferred', scope: 'message' });
    expect(upstream.messages).toEqual([]);
  });

  it('on a kept connection, before anything was said: once more on a new one', async () => {
    const { send, upstream } = await against({});
    expect(await send()).toMatchObject({ result: 'sent' });
    upstream.faults.push({ at: 'MAIL', answer: '421 4.4.2 idle for too long', times: 1 });
    expect(await send()).toMatchObject({ result: 'sent' });
    expect(upstream).toMatchObject({ connections: 2, messages: [{}, {}] });
  });

  it('gets every byte, wherever lines and pieces meet', async () => {
    const { send, upstream } = await against({});
    const lines = Array.from(
      { length: 700 },
      (_, index) => `${'.'.repeat(index % 3)}${'x'.repeat(index)}\r\n`,
    );
    const long = `From: app@example.com\r\n\r\n${lines.join('')}`;
    expect(await send(new TestDelivery(long, [a]))).toMatchObject({ result: 'sent' });
    expect(upstream.messages[0]?.body.equals(Buffer.from(long))).toBe(true);
    expect(await send(new TestDelivery('From: app@example.com\r\n\r\na\nb', [a]))).toMatchObject({
      result: 'failed',
      status: '5.6.0',
    });
  });

  it('while it is being connected to: an end of the program does not wait for it', async () => {
    const { send } = await against({ faults: [{ at: 'CONNECT', answer: 'silent' }] });
    const what = new TestDelivery(message, [a]);
    what.signal = AbortSignal.timeout(50);
    const start = performance.now();
    expect(await send(what)).toMatchObject({ result: 'deferred', answer: 'given up' });
    expect(performance.now() - start).toBeLessThan(450);
  });

  it('when the program must end', async () => {
    const { send } = await against({ faults: [{ at: 'RCPT', answer: 'silent' }] });
    const what = new TestDelivery(message, [a]);
    what.signal = AbortSignal.timeout(50);
    expect(await send(what)).toMatchObject({ result: 'deferred' });
  });

  it('asks for 8BITMIME and SMTPUTF8 only where the bytes need them, and makes nothing fit', async () => {
    const mail = (header: string, body: string) =>
      `From: app@example.com\r\nSubject: ${header}\r\n\r\n${body}\r\n`;
    const { send, upstream } = await against({});
    const options = { smtpUtf8: true };
    await send(new TestDelivery(mail('x', 'x'), [a], options));
    await send(new TestDelivery(mail('x', 'ü'), [a], options));
    await send(new TestDelivery(mail('ü', 'x'), [a], options));
    await send(new TestDelivery(mail('x', 'x'), ['ü@example.org'], options));
    const asked = upstream.commands
      .filter((line) => line.startsWith('MAIL'))
      .map((line) => line.replace(/SIZE=\d+/, 'SIZE'));
    expect(asked).toEqual([
      'MAIL FROM:<app@example.com> SIZE',
      'MAIL FROM:<app@example.com> SIZE BODY=8BITMIME',
      'MAIL FROM:<app@example.com> SIZE BODY=8BITMIME SMTPUTF8',
      'MAIL FROM:<app@example.com> SIZE BODY=8BITMIME SMTPUTF8',
    ]);
    const poor = await against({ offers: ['SIZE 100', '8BITMIME'] });
    expect(await poor.send(new TestDelivery(mail('ü', 'x'), [a]))).toMatchObject({
      result: 'failed',
      status: '5.6.7',
    });
    expect(await poor.send(new TestDelivery(mail('x', 'x'.repeat(99)), [a]))).toMatchObject({
      status: '5.3.4',
    });
    expect(poor.by.maxSize).toBe(100);
    const poorest = await against({ offers: [] });
    expect(await poorest.send(new TestDelivery(mail('x', 'ü'), [a]))).toMatchObject({ status: '5.6.3' });
  });
});
