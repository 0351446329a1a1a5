/** The relay under fuzzed sessions: whole, in this process, with a next hop that takes everything. */
import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { FakeUpstream } from '../../relay-src/testing/fake-upstream.ts';
import { RawClient } from '../../relay-src/testing/raw-client.ts';
import { startTestRelay } from '../../relay-src/testing/relay.ts';
import type { Relay } from '../../relay-src/mx-validator/relay.ts';
import { limits } from '../../relay-src/smtp/rules.ts';
import { fuzzedSession, type FuzzedSession } from './sessions-arbitrary.ts';
import { readSession } from './session-model.ts';

/** A relay and what stands behind it. */
interface Setup {
  readonly name: string;
  readonly relay: Relay;
  readonly upstream: FakeUpstream;
}

/** Long enough for any machine: a reply that takes longer is missing. Milliseconds. */
const patience = 10_000;

/** A client that went over the limit of errors is cut off, and what it sent meanwhile may cost it the 421. */
const manyErrors = { ...limits, protocolErrors: { ...limits.protocolErrors, value: 1_000_000 } };
const waits = { connect: patience, reply: patience, block: patience, final: patience, room: patience };

async function setUp(bareNewline: 'normalize' | 'reject', lax: boolean): Promise<Setup> {
  const upstream = new FakeUpstream({ lax });
  await upstream.start();
  const env = {
    BARE_NEWLINE: bareNewline,
    STRIP_ICS_RECIPIENTS: 'strip@ok.example',
    MAX_MESSAGE_BYTES: '65536',
  };
  const relay = await startTestRelay(upstream.port, env, { limits: manyErrors, waits });
  return { name: `${bareNewline}, ${lax ? 'lax' : 'strict'} next hop`, relay, upstream };
}

/** Runs sessions for so many milliseconds. Resolves with a report of what was found; undefined for nothing. */
export async function fuzzSessions(
  milliseconds: number,
  seed: number,
): Promise<{ runs: number; failure: string | undefined }> {
  const setups = await Promise.all([
    setUp('normalize', false),
    setUp('normalize', true),
    setUp('reject', false),
    setUp('reject', true),
  ]);
  // Two clients at once would share the next hop's list of messages.
  const property = fc.asyncProperty(
    fc.constantFrom(...setups.keys()),
    fuzzedSession,
    async (which, session) => {
      const setup = setups[which];
      const problem = setup === undefined ? 'no relay' : await run(setup, session);
      if (problem !== undefined) throw new Error(`${setup?.name}: ${problem}`);
    },
  );
  const details = await fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: milliseconds,
  });
  for (const { relay, upstream } of setups) {
    await relay.stop(0);
    await upstream.stop();
  }
  const failure = details.failed ? fc.defaultReportMessage(details) : undefined;
  return { runs: details.numRuns, failure };
}

/** One session; what went wrong, or undefined. */
async function run({ relay, upstream }: Setup, session: FuzzedSession): Promise<string | undefined> {
  upstream.messages.length = 0;
  upstream.commands.length = 0;
  const client = await RawClient.connect(relay.ports[0] ?? 0);
  let problem: string | undefined;
  try {
    problem = await (session.leaves === undefined
      ? converse(client, upstream, session)
      : vanish(client, upstream, session, session.leaves));
  } finally {
    client.close();
  }
  return problem ?? atNextHop(upstream) ?? (await atRest(relay));
}

async function converse(
  client: RawClient,
  upstream: FakeUpstream,
  { bytes, splits }: FuzzedSession,
): Promise<string | undefined> {
  const sending = sendChunks(client, bytes, splits);
  const heard: string[][] = [];
  for (;;) {
    const reply = await client.reply(patience);
    if (reply.length === 0) break;
    heard.push(reply);
  }
  await sending;
  const acknowledged = readSession(bytes, heard);
  if (typeof acknowledged === 'string') return acknowledged;
  const arrived = upstream.messages.map(({ to, body }) => ({
    recipients: to.length,
    body: body.toString('latin1').replace(/^Received: .*\r\n(?:\t.*\r\n)*/, ''),
  }));
  if (isDeepStrictEqual(arrived, acknowledged)) return undefined;
  return `acknowledged ${JSON.stringify(acknowledged)}, and the next hop has ${JSON.stringify(arrived)}`;
}

/** The client leaves somewhere: no more may arrive than it had sent the ends of. */
async function vanish(
  client: RawClient,
  upstream: FakeUpstream,
  { bytes, splits }: FuzzedSession,
  leaves: number,
): Promise<string | undefined> {
  const sent = bytes.subarray(0, leaves);
  await sendChunks(
    client,
    sent,
    splits.filter((at) => at < leaves),
  );
  client.close(leaves % 2 === 0 ? 'fin' : 'reset');
  const ends = sent.toString('latin1').split('\r\n.\r\n').length - 1 + Number(sent.includes('DATA\r\n.\r\n'));
  const { length } = upstream.messages;
  return length > ends ? `${length} messages from a client that sent ${ends} ends` : undefined;
}

async function sendChunks(client: RawClient, bytes: Buffer, splits: readonly number[]): Promise<void> {
  let from = 0;
  for (const to of [...splits, bytes.length]) {
    if (to > from) await client.send(bytes.subarray(from, to));
    from = to;
    await turn();
  }
}

function atNextHop(upstream: FakeUpstream): string | undefined {
  if (upstream.others.length > 0) return `the next hop was told ${JSON.stringify(upstream.others)}`;
  const bare = upstream.messages.find(({ body }) => /\r(?!\n)|(?<!\r)\n/.test(body.toString('latin1')));
  return bare === undefined
    ? undefined
    : `bare CR or LF at the next hop: ${JSON.stringify(bare.body.toString('latin1'))}`;
}

/** The relay has forgotten the client. */
async function atRest({ metrics }: Relay): Promise<string | undefined> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; await sleep(1)) {
    const { values } = await metrics.activeConnections.get();
    if (values[0]?.value === 0) return undefined;
  }
  return 'the connection is still open';
}
