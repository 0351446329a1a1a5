import { afterEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { base64Body, HttpClient, HttpFailure, wholeBody } from './http.ts';

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A server that does as it is told with each connection. */
async function serve(onSocket: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({ close: () => server.close() });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/x`;
}

function client(request = 2000): HttpClient {
  const http = new HttpClient({ waits: { request } });
  open.push(http);
  return http;
}

/** What is known of a request that failed. */
async function failure(http: HttpClient, url: string, size: number, signal?: AbortSignal): Promise<unknown> {
  try {
    await http.request({ method: 'POST', url, body: wholeBody(Buffer.alloc(size, 'x')), signal });
  } catch (error) {
    if (error instanceof HttpFailure) return { begun: error.begun, bodyLeft: error.bodyLeft };
    throw error;
  }
  return 'an answer';
}

const large = 64 * 1024 * 1024;

it('knows whether the last byte of the body had left', async () => {
  const deaf = await serve((socket) => {
    socket.pause();
    setTimeout(() => socket.resetAndDestroy(), 100);
  });
  expect(await failure(client(), deaf, large)).toEqual({ begun: true, bodyLeft: false });
  expect(await failure(client(), deaf, 1)).toEqual({ begun: true, bodyLeft: true });
  const silent = await serve((socket) => socket.resume());
  expect(await failure(client(100), silent, 1)).toEqual({ begun: true, bodyLeft: true });
  expect(await failure(client(), silent, 1, AbortSignal.timeout(50))).toEqual({
    begun: true,
    bodyLeft: true,
  });
  expect(await failure(client(), silent, 1, AbortSignal.abort())).toEqual({ begun: false, bodyLeft: false });
  expect(await failure(client(), 'http://127.0.0.1:1/x', 1)).toEqual({ begun: false, bodyLeft: false });
});

it('takes an answer that comes before the end of the body, and one whose body breaks off', async () => {
  const early = await serve((socket) => {
    socket.once('data', () =>
      socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge'),
    );
  });
  const answer = await client().request({ method: 'POST', url: early, body: wholeBody(Buffer.alloc(large)) });
  expect(answer).toMatchObject({ status: 413, bodyLeft: false });
  const broken = await serve((socket) => {
    socket.once('data', () =>
      socket.end('HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nRetry-After: 3\r\n\r\nha'),
    );
  });
  expect(await client().request({ method: 'POST', url: broken, body: wholeBody('x') })).toMatchObject({
    status: 202,
    headers: { 'retry-after': '3' },
    text: 'ha',
  });
  const stalled = await serve((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nha'));
  });
  expect(await client(100).request({ method: 'POST', url: stalled, body: wholeBody('x') })).toMatchObject({
    status: 202,
  });
});

it.each([0, 1, 2, 3, 49_151, 49_152, 49_153, 200_000])('base64 of %i octets', (size) => {
  const bytes = Buffer.alloc(size, 'abcdefg');
  const body = base64Body(bytes);
  const text = Buffer.concat([...body.pieces()]).toString('latin1');
  expect(text).toBe(bytes.toString('base64'));
  expect(body.length).toBe(text.length);
});
