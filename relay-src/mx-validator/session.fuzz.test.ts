/**
 * Sessions that nobody would hold: any commands and message bytes in any order and any chunks, blindly pipelined.
 * Each 250 for a message is one message upstream, nothing else gets there, and the relay closes in the end.
 * `FUZZ_SECONDS=600` looks longer.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestRelay } from '../testing/relay.ts';
import type { Relay } from './relay.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 2);
const part = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'EHLO c.example\r\n',
      'MAIL FROM:<a@ok.example>\r\n',
      'RCPT TO:<u@ok.example>\r\n',
      'DATA\r\n',
      'From: a@ok.example\r\n',
      '\r\n',
      '.\r\n',
      'RSET\r\n',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'RCPT TO:<u@gone.example>\r\n',
      'MAIL FROM:<> SIZE=5\r\n',
      'NOOP\r\n',
      'VRFY x\r\n',
      'HELO c\r\n',
      'STARTTLS\r\n',
      'BDAT 3 LAST\r\n',
      'x\r\n',
      '..\r\n',
      'DATA x\r\n',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '\n',
      '\r',
      '\n.\r\n',
      '\r.\r\n',
      '\n.\n',
      '.',
      '\0',
      'MAIL FROM:<\xff>\r\n',
      'QUIT\r\n',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
);
const whole =
  'EHLO c.example\r\nMAIL FROM:<a@ok.example>\r\nRCPT TO:<u@ok.example>\r\nDATA\r\nFrom: a@ok.example\r\n\r\n';
const session = fc
  .tuple(fc.boolean(), fc.array(part, { maxLength: 30 }))
  .map(([started, parts]) => (started ? whole : '') + parts.join(''));

const upstream = new FakeUpstream({ lax: true });
let relay: Relay;
beforeAll(async () => {
  await upstream.start();
  relay = await startTestRelay(upstream.port);
});
afterAll(async () => {
  await relay.stop(0);
  await upstream.stop();
});

it(
  'each 250 is one message, and nothing else reaches the upstream',
  async () => {
    await fc.assert(
      fc.asyncProperty(session, fc.array(fc.nat(400), { maxLength: 5 }), async (text, cuts) => {
        upstream.messages.length = 0;
        const bytes = Buffer.from(`${text}\r\n.\r\nQUIT\r\n`, 'latin1');
        const client = await RawClient.connect(relay.ports[0] ?? 0);
        let from = 0;
        for (const cut of [...cuts.map((at) => at % bytes.length).toSorted((a, b) => a - b), bytes.length]) {
          await client.send(bytes.subarray(from, cut));
          await new Promise((resolve) => setImmediate(resolve));
          from = cut;
        }
        let confirmed = 0;
        for (let line = await client.line(); line !== undefined; line = await client.line()) {
          if (line.includes('(tx=')) confirmed += 1;
        }
        expect({ confirmed, others: upstream.others }).toEqual({
          confirmed: upstream.messages.length,
          others: [],
        });
      }),
      { numRuns: 1_000_000, interruptAfterTimeLimit: seconds * 1000 },
    );
  },
  (seconds + 20) * 1000,
);
