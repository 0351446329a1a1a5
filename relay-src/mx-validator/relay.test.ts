/** The relay as its operator sees it: what the metrics count, and which listener takes mail of whom. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestRelay } from '../testing/relay.ts';
import type { Relay } from './relay.ts';

const upstream = new FakeUpstream();
let relay: Relay | undefined;

beforeEach(() => upstream.start());
afterEach(async () => {
  await relay?.stop(0);
  await upstream.stop();
});

async function greeted(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.reply();
  await client.ask('EHLO client.example');
  return client;
}

/** Says these lines, each after the reply to the one before; returns the last reply. */
async function say(client: RawClient, ...lines: string[]): Promise<string> {
  let reply: string[] = [];
  for (const line of lines) reply = await client.ask(line);
  return reply.join('\n');
}

it('the metrics count what has happened, and nothing before it has', async () => {
  relay = await startTestRelay(upstream.port, { STRIP_ICS_RECIPIENTS: 'organizer@ok.example' });
  const { registry } = relay.metrics;
  const counted = async (): Promise<Record<string, number>> => {
    const lines = (await registry.metrics()).matchAll(
      /^mx_validator_(accepted_total|rejected_total|transactions_total|refusals_total|ics_\w+|bare_newlines_total)(\S*) ([1-9]\d*)$/gm,
    );
    return Object.fromEntries(
      Array.from(lines, ([, name, labels, value]) => [`${name}${labels}`, Number(value)]),
    );
  };
  const client = await greeted(relay.ports[0] ?? 0);
  const mail = 'MAIL FROM:<app@ok.example>';

  await say(client, mail, 'RCPT TO:<one@ok.example>', 'RCPT TO:<two@ok.example>', 'DATA');
  await client.send('From: app@ok.example\r\n\r\none\ntwo\r\n');
  expect(await counted()).toEqual({}); // accepted_total is not the next hop's RCPT, nor our 354
  await say(client, '.');
  expect(await counted()).toEqual({
    accepted_total: 1,
    'transactions_total{outcome="accepted"}': 1,
    bare_newlines_total: 1,
  });

  await say(client, mail, 'RCPT TO:<user@gone.example>', 'RCPT TO:<user@trouble.example>', 'RSET');
  await say(client, mail, 'RSET');
  upstream.faults.push({ at: '.', answer: '452 4.3.1 full', times: 1 });
  await say(client, mail, 'RCPT TO:<one@ok.example>', 'DATA', 'From: app@ok.example\r\n\r\n.');
  await say(client, mail, 'RCPT TO:<organizer@ok.example>', 'DATA');
  await say(client, 'From: app@ok.example\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n.');
  expect(await counted()).toEqual({
    accepted_total: 2,
    rejected_total: 1,
    'transactions_total{outcome="accepted"}': 2,
    'transactions_total{outcome="refused"}': 1,
    'transactions_total{outcome="aborted"}': 1,
    'transactions_total{outcome="deferred"}': 1,
    'refusals_total{rule="noSuchDomain"}': 1,
    'refusals_total{rule="dnsTrouble"}': 1,
    ics_stripped_total: 1,
    bare_newlines_total: 1,
  });
});

it('each listener has its own list of senders', async () => {
  const lent = new FakeUpstream(); // for a port that is free, since the name of a variable holds it
  await lent.start();
  await lent.stop();
  const billing = lent.port;
  relay = await startTestRelay(upstream.port, {
    LISTEN_ADDR: `127.0.0.1:0,127.0.0.1:${billing}`,
    ALLOWED_SENDERS: 'app@ok.example',
    [`ALLOWED_SENDERS_${billing}`]: 'billing@ok.example',
  });
  const senders = ['app@ok.example', 'billing@ok.example'];
  const verdicts: string[][] = [];
  for (const port of relay.ports.slice(0, 2)) {
    const client = await greeted(port);
    const codes: string[] = [];
    for (const sender of senders)
      codes.push((await say(client, 'RSET', `MAIL FROM:<${sender}>`)).slice(0, 9));
    verdicts.push(codes);
  }
  expect(verdicts).toEqual([
    ['250 2.1.0', '550 5.7.1'],
    ['550 5.7.1', '250 2.1.0'],
  ]);
});
