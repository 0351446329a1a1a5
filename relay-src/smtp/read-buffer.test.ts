import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { longRead, readIntoSharedBuffer } from './read-buffer.ts';

/** Looks at a chunk and forgets it. */
const copying = { keeps: false, take: () => false };

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

/** The accepted end and the connecting end of a connection. */
async function pair(): Promise<{ accepted: Socket; client: Socket }> {
  const server = createServer({ pauseOnConnect: false }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? (address satisfies AddressInfo).port : 0;
  const accepting = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(port, '127.0.0.1');
  const accepted = await accepting;
  open.push(server, { close: () => client.destroy() }, { close: () => accepted.destroy() });
  return { accepted, client };
}

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What arrives in a stream that takes its time with each piece, and so pauses its source. */
async function slowlyRead(socket: Socket, delay: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const slow = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      setTimeout(done, delay);
    },
  });
  socket.pipe(slow);
  await once(slow, 'finish');
  return Buffer.concat(pieces);
}

describe('an accepted socket that reads into the shared buffer', () => {
  it('is known to this Node: what follows a full read is read in longer ones', async () => {
    const { accepted, client } = await pair();
    readIntoSharedBuffer(accepted, copying);
    const lengths: number[] = [];
    accepted.on('data', (chunk: Buffer) => lengths.push(chunk.length));
    client.end(Buffer.alloc(2_000_000));
    await once(accepted, 'end');
    expect(lengths).toContain(longRead);
  });

  it.each([
    ['is kept has memory of its own size', true, 6],
    ['is not kept has a part of a slab', false, 8192],
  ])('a short read that %s', async (_, keeps, memory) => {
    const { accepted, client } = await pair();
    readIntoSharedBuffer(accepted, { keeps, take: () => false });
    client.write('NOOP\r\n');
    const [chunk] = await once(accepted, 'data');
    expect(chunk).toEqual(Buffer.from('NOOP\r\n'));
    expect(chunk.buffer.byteLength).toBe(memory);
  });

  it.each([0, 1])(
    'hands on every octet of long streams, with back-pressure (%i ms a piece)',
    async (delay) => {
      const pairs = await Promise.all([pair(), pair(), pair()]);
      const read = pairs.map(({ accepted }) => {
        readIntoSharedBuffer(accepted, copying);
        return slowlyRead(accepted, delay);
      });
      const sent = pairs.map(({ client }) => {
        const bytes = randomBytes(3_000_000 + Math.floor(Math.random() * 100_000));
        client.end(bytes);
        return bytes;
      });
      expect((await Promise.all(read)).map(sha)).toEqual(sent.map(sha));
    },
  );

  it('keeps what was handed on: a later read does not write over it', async () => {
    const first = await pair();
    const second = await pair();
    const chunks: Buffer[] = [];
    for (const { accepted } of [first, second]) {
      readIntoSharedBuffer(accepted, copying);
      accepted.on('data', (chunk: Buffer) => chunks.push(chunk));
    }
    first.client.write('one');
    await once(first.accepted, 'data');
    second.client.write('two');
    await once(second.accepted, 'data');
    expect(chunks.map(String)).toEqual(['one', 'two']);
  });

  it('gives what waits in it first', async () => {
    const { accepted, client } = await pair();
    readIntoSharedBuffer(accepted, copying);
    accepted.unshift(Buffer.from('a'));
    client.end('b');
    expect((await slowlyRead(accepted, 0)).toString()).toBe('ab');
  });

  it('may be paused', async () => {
    const { accepted, client } = await pair();
    readIntoSharedBuffer(accepted, copying);
    const chunks: string[] = [];
    accepted.on('data', (chunk: Buffer) => {
      chunks.push(chunk.toString());
      accepted.pause();
    });
    client.write('a');
    await once(accepted, 'data');
    client.write('b');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(chunks).toEqual(['a']);
    accepted.resume();
    await once(accepted, 'data');
    expect(chunks).toEqual(['a', 'b']);
  });
});
