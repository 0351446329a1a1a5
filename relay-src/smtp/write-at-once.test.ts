import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { writeAtOnce } from './write-at-once.ts';

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

/** Our end of a connection, and the peer's. */
async function pair(): Promise<{ ours: Socket; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepting = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const peer = connect(portOf(server.address()), '127.0.0.1');
  const ours = await accepting;
  for (const socket of [ours, peer]) socket.on('error', () => undefined);
  open.push(server, { close: () => peer.destroy() }, { close: () => ours.destroy() });
  return { ours, peer };
}

function portOf(address: AddressInfo | string | null): number {
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** All octets until the end of a stream. */
async function all(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.resume();
  await once(socket, 'end');
  return text;
}

it('is known to this Node: text leaves without a write of the stream', async () => {
  const { ours, peer } = await pair();
  ours.write = () => {
    throw new Error('not at once');
  };
  expect(writeAtOnce(ours, '250 ')).toBe(true);
  expect(writeAtOnce(ours, '\xe4\r\n')).toBe(true);
  ours.end();
  expect(await all(peer)).toBe('250 \xe4\r\n');
});

describe('what the system does not take at once', () => {
  /** Writes to a peer that does not read until the rest waits with Node; returns what was written. */
  function fill(ours: Socket): string {
    let written = '';
    for (let line = `${written.length} ${'x'.repeat(9000)}\r\n`; writeAtOnce(ours, line);) {
      written += line;
      line = `${written.length} ${'x'.repeat(9000)}\r\n`;
      if (written.length > 50_000_000) throw new Error('the system takes everything');
    }
    return written;
  }

  it('leaves before what is written later', async () => {
    const { ours, peer } = await pair();
    peer.pause();
    let written = fill(ours);
    expect(ours.writableLength).toBe(0);
    for (const text of ['one', 'two'].map((word) => word.repeat(20_000))) {
      expect(writeAtOnce(ours, text)).toBe(false);
      ours.write(text, 'latin1');
      written += text;
    }
    expect(ours.writableNeedDrain).toBe(true); // whoever says too much hears of it
    const received = all(peer);
    await once(ours, 'drain');
    while (!writeAtOnce(ours, 'three')) await new Promise((resolve) => setTimeout(resolve, 1));
    ours.end('four');
    expect((await received) === `${written}threefour`).toBe(true);
  });

  it('leaves before the end', async () => {
    const { ours, peer } = await pair();
    peer.pause();
    const written = fill(ours);
    ours.end();
    expect((await all(peer)) === written).toBe(true);
  });

  it('is lost with the connection, which is closed', async () => {
    const { ours, peer } = await pair();
    peer.pause();
    fill(ours);
    peer.resetAndDestroy();
    await new Promise((resolve) => ours.once('close', resolve));
    expect(writeAtOnce(ours, 'x')).toBe(false);
  });
});

describe('is left to the stream', () => {
  it('while something waits there', async () => {
    const { ours, peer } = await pair();
    ours.cork();
    ours.write('a');
    expect(writeAtOnce(ours, 'b')).toBe(false);
    ours.uncork();
    ours.end();
    expect(await all(peer)).toBe('a');
  });

  it('before the connection is there', async () => {
    const { ours } = await pair();
    const other = connect(ours.localPort ?? 0, '127.0.0.1');
    open.push({ close: () => other.destroy() });
    expect(writeAtOnce(other, 'x')).toBe(false);
  });

  it('when the peer is gone: the stream tells', async () => {
    const { ours, peer } = await pair();
    peer.resetAndDestroy();
    await new Promise((resolve) => ours.once('close', resolve));
    expect(writeAtOnce(ours, 'x')).toBe(false);
  });

  it('where it is encrypted', async () => {
    const folder = new URL('../testing/tls/', import.meta.url);
    const key = readFileSync(new URL('key.pem', folder));
    const cert = readFileSync(new URL('cert.pem', folder));
    const server = createTlsServer({ key, cert }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepting = new Promise<Socket>((resolve) => server.once('secureConnection', resolve));
    const peer = connectTls({ port: portOf(server.address()), host: '127.0.0.1', rejectUnauthorized: false });
    open.push(server, { close: () => peer.destroy() });
    expect(writeAtOnce(await accepting, 'x')).toBe(false);
  });
});
