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
import { readSession, type Acknowledged } from './session-model.ts';

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
/** For bytes on their way, milliseconds. */
const settling = 5;
/** Of a long session only the beginning goes byte by byte. */
const mostChunks = 1500;
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
  upstream.others.length = 0;
  const client = await RawClient.connect(relay.ports[0] ?? 0);
  try {
    const { leaves } = session;
    const found =
      leaves === undefined ? await converse(client, session) : await vanish(client, session, leaves);
    if (typeof found === 'string') return found;
    const problem = await atRest(relay);
    return problem ?? atNextHop(upstream) ?? difference(upstream, found);
  } finally {
    client.close();
  }
}

/** The client stays to the end: the messages that are acknowledged, or what is wrong with the replies. */
async function converse(
  client: RawClient,
  { text, splits }: FuzzedSession,
): Promise<Acknowledged[] | string> {
  const bytes = Buffer.from(text, 'latin1');
  const sending = sendChunks(client, bytes, splits);
  const heard: string[][] = [];
  for (;;) {
    const reply = await client.reply(patience);
    if (reply.length === 0) break;
    heard.push(reply);
  }
  await sending;
  return readSession(bytes, heard);
}

/** The client leaves somewhere, not knowing what became of its messages: how many ends of one it sent. */
async function vanish(client: RawClient, { text, splits }: FuzzedSession, leaves: number): Promise<number> {
  const sent = text.slice(0, leaves);
  await sendChunks(client, Buffer.from(sent, 'latin1'), splits);
  // Some wait until the relay has taken in all of it, some leave while it is still on its way.
  if (leaves % 4 < 2) await sleep(settling);
  client.close(leaves % 2 === 0 ? 'fin' : 'reset');
  return `\n${sent}`.split('\n.\r\n').length - 1;
}

async function sendChunks(client: RawClient, bytes: Buffer, splits: FuzzedSession['splits']): Promise<void> {
  const ends = splits === 'every byte' ? bytes.subarray(0, mostChunks).keys() : splits;
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    if (to > from) await client.send(bytes.subarray(from, to));
    from = Math.max(from, to);
    await turn();
  }
}

function atNextHop({ messages, others }: FakeUpstream): string | undefined {
  if (others.length > 0) return `the next hop was told ${JSON.stringify(others)}`;
  const bare = messages
    .map(({ body }) => body.toString('latin1'))
    .find((body) => /\r(?!\n)|(?<!\r)\n/.test(body));
  return bare === undefined ? undefined : `bare CR or LF at the next hop: ${JSON.stringify(bare)}`;
}

/** `known`: what was acknowledged, which must be there, and nothing else; or the most messages there may be. */
function difference({ messages }: FakeUpstream, known: Acknowledged[] | number): string | undefined {
  if (typeof known === 'number') {
    if (messages.length <= known) return undefined;
    return `${messages.length} messages at the next hop from a client that sent the ends of ${known}`;
  }
  const arrived = messages.map(({ to, body }) => ({
    recipients: to.length,
    body: body.toString('latin1').replace(/^Received: .*\r\n(?:\t.*\r\n)*/, ''),
  }));
  if (isDeepStrictEqual(arrived, known)) return undefined;
  return `acknowledged ${JSON.stringify(known)}, and the next hop has ${JSON.stringify(arrived)}`;
}

/** The relay has forgotten the client, and what it still had to say to the next hop has arrived. */
async function atRest({ metrics }: Relay): Promise<string | undefined> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; await sleep(1)) {
    const { values } = await metrics.activeConnections.get();
    if (values[0]?.value !== 0) continue;
    await sleep(settling);
    return undefined;
  }
  return 'the connection is still open';
}
