/** The end of a relay: SIGTERM while transactions run and other clients idle. */
import assert from 'node:assert/strict';
import { ClientConnection } from './client/connection.ts';
import { patience } from './client/expectations.ts';
import { makeMessage, sender, type Message, type Prose } from './client/message.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Random } from '../../relay-src/testing/random.ts';
import type { RelayUnderTest } from './relay.ts';

interface Running {
  readonly client: ClientConnection;
  readonly message: Message;
  readonly entry: Entry;
}

const recipient = 'last@ok1.example';
const running = 10;
const idle = 5;

/**
 * Stops the relay while messages are half sent. Throws unless all of them are accepted, idle clients are told to
 * go, new ones are not let in, and the program ends with 0.
 */
export async function lastAct(
  relay: RelayUnderTest,
  ledger: Ledger,
  random: Random,
  prose: Prose,
): Promise<void> {
  const halves: Running[] = [];
  for (let n = 0; n < running; n += 1) halves.push(await half(relay.smtpPort, ledger, random, prose, n));
  const waiting: ClientConnection[] = [];
  for (let n = 0; n < idle; n += 1) waiting.push(await greeted(relay.smtpPort, random));

  const stopped = relay.running.stop();
  for (const client of waiting) assert.match(await heard(client), /^421 4\.3\.2 /, 'an idle client');
  await assert.rejects(greeted(relay.smtpPort, random), 'a new client was let in after SIGTERM');
  await Promise.all(halves.map(rest));
  await stopped;
  assert.equal(await relay.running.ended, 'exit code 0');
}

async function greeted(port: number, random: Random): Promise<ClientConnection> {
  const client = await ClientConnection.open(port, random, { pace: 'whole', leaving: undefined });
  assert.match(await heard(client), /^220 /);
  await client.send('command', 'EHLO client.example\r\n');
  assert.match(await heard(client), /^250 /);
  return client;
}

/** A client that has sent the first half of its message. */
async function half(port: number, ledger: Ledger, random: Random, prose: Prose, n: number): Promise<Running> {
  let message: Message;
  do message = makeMessage(random, `last.${n}@soak`, prose);
  while (message.verdict !== 'deliver');
  const entry = ledger.begin(message);
  entry.to = [recipient];
  const client = await greeted(port, random);
  for (const [line, answer] of [
    [`MAIL FROM:<${sender}>`, /^250 /],
    [`RCPT TO:<${recipient}>`, /^250 /],
    ['DATA', /^354 /],
  ] as const) {
    await client.send('command', `${line}\r\n`);
    assert.match(await heard(client), answer);
  }
  await client.send('body', message.wire.subarray(0, message.wire.length / 2));
  return { client, message, entry };
}

async function rest({ client, message, entry }: Running): Promise<void> {
  await client.send('body', message.wire.subarray(message.wire.length / 2));
  await client.send('end', '.\r\n');
  entry.complete = true;
  const answer = await heard(client);
  const ids = /^250 2\.0\.0 .*queued as (\w+) \(tx=(\w+)\)$/.exec(answer);
  assert(ids !== null, `a message that was half sent at SIGTERM is answered ${answer}`);
  entry.fate = { kind: 'accepted', queueId: ids[1] ?? '', tx: ids[2] ?? '' };
  assert.match(await heard(client), /^421 4\.3\.2 /, 'after its message');
}

async function heard(client: ClientConnection): Promise<string> {
  const { lines } = await client.reply(patience.verdict);
  return lines.at(-1) ?? '';
}
