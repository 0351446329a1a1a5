/**
 * The smuggling table: bytes that two servers could read in two ways, in a message whose rest looks like a
 * second mail. Over the wire, split at every byte, against a strict receiver and one that also ends a message
 * at LF.CRLF: never a second message, and the session stays in step.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FakeUpstream } from '../testing/fake-upstream.ts';
import { RawClient } from '../testing/raw-client.ts';
import { startTestRelay } from '../testing/relay.ts';
import type { Relay } from './relay.ts';

const refused = 'refused';
/** What stands between `x` and the second mail, and what the upstream has there; or `refused`. */
const table: readonly (readonly [sent: string, delivered: string])[] = [
  ['\n.\r\n', refused],
  ['\n.\n', refused],
  ['\r\n.\n', refused],
  ['\n..\r\n', refused],
  ['\n.x\r\n', refused],
  ['\r\n..\n', refused],
  ['\r.\r', refused],
  ['\r\n.\r', refused],
  ['\r.\r\n', refused],
  ['\n.\r', refused],
  ['\r', refused],
  ['\r\r\n', refused],
  ['\r\n.\r\r\n', refused],
  ['\n', '\r\n'],
  ['\n\n', '\r\n\r\n'],
  ['\r\n\n', '\r\n\r\n'],
  ['\r\n . \r\n', '\r\n . \r\n'],
  ['\r\n..\r\n', '\r\n.\r\n'],
  ['\r\n...\r\n', '\r\n..\r\n'],
  ['\r\n..x\r\n', '\r\n.x\r\n'],
  ['\r\n.x\r\n', '\r\nx\r\n'],
  ['\r\n. \r\n', '\r\n \r\n'],
  ['\0', '\0'],
  ['\x0b.\x0b', '\x0b.\x0b'],
  ['\x85.\x85', '\x85.\x85'],
];

const envelope = 'MAIL FROM:<app@ok.example>\r\nRCPT TO:<user@ok.example>\r\nDATA\r\n';
const secondMail = 'MAIL FROM:<evil@v.example>\r\n';
const header = 'From:a@b.c\r\n';

describe.each([
  ['a strict receiver', false],
  ['a receiver that ends data at LF.CRLF', true],
])('in front of %s', (_, lax) => {
  const upstream = new FakeUpstream({ lax });
  let relay: Relay;
  let client: RawClient;

  beforeAll(async () => {
    await upstream.start();
    relay = await startTestRelay(upstream.port);
    client = await RawClient.connect(relay.ports[0] ?? 0);
    await client.reply();
    await client.ask('EHLO client.example');
  });
  afterAll(async () => {
    client.close();
    await relay.stop(0);
    await upstream.stop();
  });

  /** Sends one message in two writes; returns our reply and what was delivered. */
  async function send(message: Buffer, split: number): Promise<{ reply: string; bodies: string[] }> {
    upstream.messages.length = 0;
    upstream.commands.length = 0;
    await client.send(envelope);
    for (const expected of ['250', '250', '354']) expect((await client.reply())[0]).toMatch(`${expected} `);
    await client.send(message.subarray(0, split));
    await turn();
    await client.send(message.subarray(split));
    const [reply = ''] = await client.reply();
    expect(upstream.others).toEqual([]);
    expect(upstream.commands).toEqual(envelope.trimEnd().split('\r\n'));
    return { reply: reply.slice(0, 9), bodies: upstream.messages.map(({ body }) => body.toString('latin1')) };
  }

  it.each(table)('%j, at every split', async (sent, delivered) => {
    const message = Buffer.from(`${header}\r\nx${sent}${secondMail}.\r\n`, 'latin1');
    for (let split = 1; split < message.length; split += 1) {
      const { reply, bodies } = await send(message, split);
      if (delivered === refused) {
        expect({ split, reply, bodies }).toEqual({ split, reply: '554 5.6.0', bodies: [] });
      } else {
        expect({ split, reply }).toEqual({ split, reply: '250 2.0.0' });
        expect(bodies).toHaveLength(1);
        expect(bodies[0]?.endsWith(`${header}\r\nx${delivered}${secondMail}`)).toBe(true);
      }
    }
    expect(await client.ask('NOOP')).toEqual(['250 2.0.0 Ok']);
  });

  it.each(table)('%j as the first bytes, and as the last of the header', async (sent) => {
    for (const before of ['', header, `${header}Subject: x`]) {
      const { bodies } = await send(
        Buffer.from(`${before}${sent.replace(/^\r\n/, '')}${secondMail}.\r\n`, 'latin1'),
        1,
      );
      expect(bodies.length).toBeLessThanOrEqual(1);
      expect(bodies.join('')).not.toMatch(/^MAIL/);
    }
    expect(await client.ask('NOOP')).toEqual(['250 2.0.0 Ok']);
  });
});
