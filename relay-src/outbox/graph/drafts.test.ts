import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '../../testing/fake-graph/mime.ts';
import { startFakeGraph, type FakeGraph, type Step } from '../../testing/fake-graph/server.ts';
import { onlyVerdict, TestDelivery } from '../../testing/outbox-delivery.ts';
import type { Transport, Verdict } from '../transport.ts';
import { testTransport } from './testing.ts';

let graph: FakeGraph;
const open: Transport[] = [];

beforeAll(async () => {
  graph = await startFakeGraph();
});
afterEach(async () => {
  graph.faults.clear();
  for (const one of open.splice(0)) await one.close();
  expect(graph.mailboxes.drafts).toEqual([]);
});
afterAll(async () => {
  await graph.stop();
  expect(graph.failures).toEqual([]);
});

async function transport(settings: object): Promise<Transport> {
  const made = await testTransport(graph, settings);
  open.push(made);
  return made;
}

const send = async (by: Transport, what: TestDelivery): Promise<Verdict> =>
  onlyVerdict(await by.deliver(what));

describe('exactlyOnce', () => {
  const recipients = ['a@example.org', 'b@example.org'];
  const message = (id: string) => `From: app@example.com\r\nTo: a@example.org\r\n${id}\r\nHello\r\n`;
  const delivery = (id = 'Message-ID: <1@app>\r\n') => new TestDelivery(message(id), recipients);
  const accepted = () => graph.ledger.accepted.length;

  it.each<[string, object, string]>([
    ['the answer was lost', { drop: 'after', accept: true }, 'found in the mailbox'],
    ['Graph answered 504, and sent it', { status: 504, accept: true }, 'found in the mailbox'],
    ['Graph answered 429, and did not', { status: 429 }, '202'],
    ['nothing came, and nothing was done', { drop: 'after' }, '202'],
  ])('one mail when %s', async (_, fault, then) => {
    const by = await transport({ exactlyOnce: true });
    const before = accepted();
    const what = delivery();
    graph.faults.add({ at: 'sendDraft', times: 1, ...fault });
    expect(await send(by, what)).toMatchObject({ result: 'unknown' });
    graph.faults.add({ at: 'getDraft', times: 1, status: 503 });
    expect(await send(by, what)).toMatchObject({ result: 'unknown' });
    expect(await send(by, what)).toMatchObject({ result: 'sent', answer: expect.stringContaining(then) });
    expect(accepted() - before).toBe(1);
    expect(graph.ledger.accepted.at(-1)).toMatchObject({ via: 'mime', recipients });
  });

  it('leaves no draft, wherever the process ends', async () => {
    for (const id of ['Message-ID: <2@app>\r\n', '']) {
      for (let step = 1; step <= 3; step += 1) {
        const by = await transport({ exactlyOnce: true });
        const before = accepted();
        const what = delivery(id);
        let left = step;
        what.beforeRemember = () => {
          if ((left -= 1) === 0) throw new Error('the process ends here');
        };
        expect(await send(by, what)).toMatchObject({ result: 'deferred' });
        what.beforeRemember = () => undefined;
        expect(await send(by, what)).toMatchObject({ result: 'sent' });
        expect(accepted() - before).toBe(1);
        expect(graph.mailboxes.drafts).toEqual([]);
      }
    }
  });

  it.each<Step>(['createDraft', 'listDrafts'])(
    'a draft whose id was never heard goes, %s or not',
    async (at) => {
      const by = await transport({ exactlyOnce: true });
      const what = delivery();
      graph.faults.add({ at: 'createDraft', times: 1, accept: true, drop: 'after' });
      expect(await send(by, what)).toMatchObject({ result: 'deferred' });
      expect(graph.mailboxes.drafts).toHaveLength(1);
      graph.faults.add({ at, times: 1, status: 500 });
      expect(await send(by, what)).toMatchObject({ result: 'deferred' });
      expect(await send(by, what)).toMatchObject({ result: 'sent' });
    },
  );

  it('is kept for messages that began with it, when it is switched off', async () => {
    const what = delivery();
    const before = accepted();
    graph.faults.add({ at: 'sendDraft', times: 1, drop: 'after', accept: true });
    expect(await send(await transport({ exactlyOnce: true }), what)).toMatchObject({ result: 'unknown' });
    expect(await send(await transport({}), what)).toMatchObject({ result: 'sent' });
    expect(accepted() - before).toBe(1);
  });

  it('makes a draft anew that somebody removed', async () => {
    const by = await transport({ exactlyOnce: true });
    const what = delivery();
    const before = accepted();
    graph.faults.add({ at: 'sendDraft', times: 1, status: 503 });
    await send(by, what);
    for (const { id, mailbox } of graph.mailboxes.drafts) graph.mailboxes.deleteMessage(mailbox, id);
    expect(await send(by, what)).toMatchObject({ result: 'sent' });
    expect(accepted() - before).toBe(1);
  });

  it('spares the drafts of other messages with the same Message-ID', async () => {
    const by = await transport({ exactlyOnce: true });
    const [what, other] = [
      delivery(),
      new TestDelivery(message('Message-ID: <1@app>\r\n'), ['c@example.org']),
    ];
    graph.faults.add({ at: 'createDraft', times: 2, accept: true, drop: 'after' });
    await send(by, what);
    await send(by, other);
    await by.discard(what.memory ?? '');
    expect(graph.mailboxes.drafts).toHaveLength(1);
    await by.discard(other.memory ?? '');
  });

  it('removes the draft of a message that is refused, or given up', async () => {
    const by = await transport({ exactlyOnce: true });
    const what = delivery();
    graph.faults.add({ at: 'sendDraft', times: 1, status: 400, code: 'ErrorInvalidRecipients' });
    expect(await send(by, what)).toMatchObject({ result: 'failed', status: '5.1.3' });
    expect(graph.mailboxes.drafts).toEqual([]);
    graph.faults.add({ at: 'sendDraft', times: 1, status: 403, code: 'ErrorAccessDenied' });
    expect(await send(by, what)).toMatchObject({ result: 'deferred', scope: 'mailbox' });
    await by.discard(what.memory ?? '');
  });
});

describe('large messages', () => {
  const file = Buffer.alloc(3_200_000, 'large file ');
  const medium = Buffer.alloc(90_000, 'file ');
  const small = Buffer.from('small');
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
  const part = (type: string, rest: string, bytes: Buffer): string =>
    `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n${rest}\r\n${base64(bytes)}\r\n`;
  const mail = (type = 'application/pdf', content = medium): string =>
    'From: App <app@example.com>\r\nTo: =?utf-8?q?J=C3=B6rg?= <a@example.org>, x@example.net\r\nCc: c@example.org\r\n' +
    'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-One: 1\r\nMessage-ID: <large@app>\r\nMIME-Version: 1.0\r\n' +
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n' +
    '--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello <img src="cid:i@app"></p>\r\n' +
    part('image/png', 'Content-ID: <i@app>\r\nContent-Disposition: inline; filename=i.png\r\n', small) +
    part(type, 'Content-Disposition: attachment; filename="r.pdf"\r\n', content) +
    '--b--\r\n';
  const recipients = ['a@example.org', 'b@example.org', 'c@example.org'];

  const offered = (message: string) => new TestDelivery(message, recipients).offered();

  it('are refused, or sent as drafts', async () => {
    expect((await transport({})).maxSize).toBe(2_200_000);
    const refusing = await transport({ mimeLimit: 65_536 });
    expect(await refusing.refuse(offered(mail()))).toMatchObject({ code: 552, status: '5.3.4' });
    const by = await transport({ mimeLimit: 65_536, largeMessages: 'draft' });
    expect(by.maxSize).toBe(36_700_160);
    expect(await by.refuse(offered(mail()))).toBeUndefined();
    const what = new TestDelivery(mail('application/pdf', file), recipients);
    graph.faults.add({ at: 'upload', times: 1, status: 500 });
    expect(await send(by, what)).toMatchObject({ result: 'deferred', scope: 'message' });
    expect(await send(by, what)).toMatchObject({ result: 'sent' });
    expect(graph.ledger.accepted.at(-1)).toMatchObject({
      via: 'draft',
      from: 'app@example.com',
      recipients: ['a@example.org', 'c@example.org', 'b@example.org'],
      messageId: '<large@app>',
      attachments: [sha256(small), sha256(file)],
    });
  });

  it('leave no copy where none is wanted, and are found to be sent all the same', async () => {
    const by = await transport({ mimeLimit: 65_536, largeMessages: 'draft', saveToSentItems: false });
    const what = new TestDelivery(mail(), recipients);
    const before = graph.ledger.accepted.length;
    graph.faults.add({ at: 'sendDraft', times: 1, accept: true, status: 504 });
    expect(await send(by, what)).toMatchObject({ result: 'unknown' });
    expect(await send(by, what)).toMatchObject({ result: 'sent' });
    expect(graph.ledger.accepted).toHaveLength(before + 1);
  });

  it.each(['text/calendar; method=REQUEST', 'application/pkcs7-mime', 'multipart/signed; boundary=c'])(
    'are refused where a draft would change their meaning: %s',
    async (type) => {
      const by = await transport({ mimeLimit: 65_536, largeMessages: 'draft' });
      expect(await by.refuse(offered(mail(type)))).toMatchObject({ code: 552, status: '5.3.4' });
      expect(await send(by, new TestDelivery(mail(type), recipients))).toMatchObject({ result: 'failed' });
    },
  );
});

it('refuses what could not be sent', async () => {
  const by = await transport({ headerRecipients: 'refuse' });
  const refusal = (header: string) =>
    by.refuse(new TestDelivery(`${header}\r\n`, ['a@example.org']).offered());
  expect(await refusal('From: app@example.com\r\nTo: a@example.org\r\n')).toBeUndefined();
  expect(await refusal('From: a@b.example, c@d.example\r\nTo: a@example.org\r\n')).toMatchObject({
    code: 554,
  });
  expect(await refusal('From: app@example.com\r\nTo: <a@example.org\r\n')).toEqual({
    code: 554,
    status: '5.6.0',
    text: 'To is not a list of addresses',
  });
  expect(await refusal('From: app@example.com\r\nCc: b@example.org\r\n')).toMatchObject({
    code: 550,
    status: '5.7.1',
  });
});
