/**
 * Either side dies, at every byte: no half message is delivered, nobody waits for an answer that never comes,
 * and the next mail goes through.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestRelay } from '../testing/relay.ts';
import type { Relay } from './relay.ts';

const envelope = ['MAIL FROM:<app@ok.example>', 'RCPT TO:<user@ok.example>', 'DATA'];
const message = 'From: app@ok.example\r\nSubject: whole\r\n\r\n..first\r\nlast\r\n.\r\n';
const delivered = 'From: app@ok.example\r\nSubject: whole\r\n\r\n.first\r\nlast\r\n';

let upstream: FakeUpstream;
let relay: Relay;

beforeEach(async () => {
  upstream = new FakeUpstream();
  await upstream.start();
  relay = await startTestRelay(upstream.port);
});
afterEach(async () => {
  await relay.stop(0);
  await upstream.stop();
});

async function greeted(): Promise<RawClient> {
  const client = await RawClient.connect(relay.ports[0] ?? 0);
  await client.reply();
  await client.ask('EHLO client.example');
  return client;
}

/** For a silent upstream: each case sits such a wait out. Milliseconds. */
const impatient = { connect: 300, reply: 300, block: 300, final: 300, room: 300 };

/** Sends one mail; returns the code of each reply, up to the first refusal. */
async function mail(client: RawClient): Promise<string[]> {
  const codes: string[] = [];
  for (const command of envelope) {
    codes.push((await client.ask(command))[0]?.slice(0, 3) ?? 'closed');
    if (!/^[23]/.test(codes.at(-1) ?? '')) return codes;
  }
  await client.send(message);
  codes.push((await client.reply())[0]?.slice(0, 3) ?? 'closed');
  return codes;
}

const bodies = (): string[] =>
  upstream.messages.map(({ body }) => body.toString('latin1').replace(/^Received: (?:.*\r\n\t)*.*\r\n/, ''));

it('an extension that the upstream no longer has is 451 in sessions that were offered it, and not offered again', async () => {
  const before = await greeted();
  await upstream.stop();
  upstream.offers = [];
  await upstream.start();
  const codes: string[] = [];
  for (const parameter of ['BODY=8BITMIME', 'SMTPUTF8', 'BODY=7BIT']) {
    codes.push((await before.ask(`MAIL FROM:<app@ok.example> ${parameter}`))[0]?.slice(0, 9) ?? 'closed');
  }
  expect(codes).toEqual(['451 4.3.0', '451 4.3.0', '250 2.1.0']);
  before.close();
  const after = await RawClient.connect(relay.ports[0] ?? 0);
  await after.reply();
  expect((await after.ask('EHLO client.example')).join()).not.toContain('8BITMIME');
  after.close();
});

it.each(['close', '421 4.3.2 going down'])(
  'a kept connection that answers MAIL with %j, and a new one that lacks an extension: 451 for each recipient',
  async (answer) => {
    const client = await greeted();
    expect(await mail(client)).toEqual(['250', '250', '354', '250']);
    upstream.offers = [];
    upstream.commands.length = 0;
    upstream.faults.push({ at: 'MAIL', answer, times: 1 });
    const commands = ['MAIL FROM:<app@ok.example> BODY=8BITMIME', envelope[1], envelope[1], 'DATA'];
    const codes: string[] = [];
    for (const command of commands) codes.push((await client.ask(command ?? ''))[0]?.slice(0, 3) ?? 'closed');
    expect(codes).toEqual(['250', '451', '451', '503']);
    expect(upstream.commands.filter((command) => command.startsWith('MAIL'))).toHaveLength(1);
    expect((await client.ask('RSET'))[0]).toMatch(/^250 /);
    expect(await mail(client)).toEqual(['250', '250', '354', '250']);
  },
);

describe('a client that vanishes', () => {
  const session = Buffer.from(`EHLO client.example\r\n${envelope.join('\r\n')}\r\n${message}`);

  it.each(['fin', 'reset'] as const)('after each byte of its session, by %s', async (how) => {
    for (let sent = 0; sent < session.length; sent += 1) {
      const client = await RawClient.connect(relay.ports[0] ?? 0);
      await client.reply();
      await client.send(session.subarray(0, sent));
      client.close(how);
    }
    await settled(() => relay.metrics.activeConnections.get().then(({ values }) => values[0]?.value === 0));
    expect(bodies()).toEqual([]);
    expect(await mail(await greeted())).toEqual(['250', '250', '354', '250']);
    expect(bodies()).toEqual([delivered]);
  });
});

describe('an upstream that fails', () => {
  const points = ['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'BODY', '.'];
  const ways = [
    'close',
    'reset',
    'silent',
    '421 4.3.2 going down',
    'what',
    '250-no\n550 end',
    '299 odd',
    flood(),
  ];

  it.each(points.flatMap((at) => ways.map((answer) => [at, answer.slice(0, 20), answer] as const)))(
    'at %s with %j: 451, then works again',
    async (at, _, answer) => {
      if (answer === 'silent') {
        await relay.stop(0);
        relay = await startTestRelay(upstream.port, {}, { waits: impatient });
      }
      await upstream.stop();
      await upstream.start(); // no connection is kept from the start
      upstream.faults.push({ at, answer });
      const client = await greeted();
      const codes = await mail(client);
      const expected = { CONNECT: 1, EHLO: 1, MAIL: 2, RCPT: 2, DATA: 3 }[at] ?? 4;
      expect(codes).toHaveLength(expected);
      expect(codes.at(-1)).toBe('451');
      expect(bodies()).toEqual([]);
      upstream.faults.length = 0;
      await client.ask('RSET');
      expect(await mail(client)).toEqual(['250', '250', '354', '250']);
      expect(bodies()).toEqual([delivered]);
    },
  );

  it('after each byte of the message: 451 and nothing delivered', async () => {
    const client = await greeted();
    for (let after = 0; after < message.length; after += 1) {
      upstream.faults.push({ at: 'BODY', answer: 'close', after, times: 1 });
      expect(await mail(client)).toEqual(['250', '250', '354', '451']);
    }
    expect(bodies()).toEqual([]);
  });

  it('that stops reading: the client is paused, then 451 and nothing delivered', async () => {
    await relay.stop(0);
    relay = await startTestRelay(upstream.port, {}, { waits: impatient });
    upstream.faults.push({ at: 'BODY', answer: 'deaf' });
    const client = await greeted();
    for (const command of envelope) await client.ask(command);
    await client.send(`From: app@ok.example\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(12_000)}`);
    await client.send('.\r\n');
    expect((await client.reply())[0]).toMatch(/^451 4\.3\.0 /);
    expect(bodies()).toEqual([]);
  });

  it('that stops reading for a while: every byte arrives as it was sent', async () => {
    upstream.faults.push({ at: 'BODY', answer: 'deaf', times: 1 });
    const client = await greeted();
    for (const command of envelope) await client.ask(command);
    const lines = Array.from({ length: 200_000 }, (_, n) => `line ${n} ${'x'.repeat(n % 90)}\r\n`);
    const long = `From: app@ok.example\r\n\r\n${lines.join('')}`;
    await client.send(`${long}.\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    upstream.hearAgain();
    expect((await client.reply(15_000))[0]).toMatch(/^250 /); // 10 MB: seconds on a busy machine
    const arrived = upstream.messages[0]?.body.toString() ?? '';
    // Not compared by toBe, which would print both.
    expect(arrived.slice(arrived.indexOf('From:')) === long).toBe(true);
  });

  it('that closed kept connections meanwhile costs nothing', async () => {
    const client = await greeted();
    expect(await mail(client)).toEqual(['250', '250', '354', '250']);
    upstream.faults.push({ at: 'RSET', answer: 'close', times: 1 });
    expect(await mail(client)).toEqual(['250', '250', '354', '250']);
    upstream.faults.push({ at: 'RSET', answer: '421 4.3.2 too many', times: 1 });
    expect(await mail(client)).toEqual(['250', '250', '354', '250']);
    expect(bodies()).toEqual([delivered, delivered, delivered]);
  });

  it('is seen by readyz, and its return too; healthz is about ourselves', async () => {
    const status = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${relay.ports[1] ?? 0}/${path}`)).status;
    const ready = (): Promise<number> => status('readyz');
    expect(await ready()).toBe(200);
    await upstream.stop();
    expect(await ready()).toBe(503);
    expect(await status('healthz')).toBe(200);
    const client = await greeted();
    expect(await mail(client)).toEqual(['451']);
    await upstream.start();
    expect(await ready()).toBe(200);
    expect(await mail(client)).toEqual(['250', '250', '354', '250']);
  });
});

/** More reply lines than anyone needs. */
function flood(): string {
  return `${'250-x\n'.repeat(10_000)}250 x`;
}

async function settled(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100 && !(await condition()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
