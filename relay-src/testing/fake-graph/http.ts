/** Bodies and answers of the fake Graph. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './errors.ts';

export async function readAll(request: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await request.toArray());
}

/** Returns when half of the announced body came. */
export async function readHalf(request: IncomingMessage): Promise<void> {
  const half = Number(request.headers['content-length'] ?? 0) / 2;
  let read = 0;
  for await (const piece of request) {
    const bytes: Buffer = piece;
    read += bytes.length;
    if (read >= half) return;
  }
}

export function write(response: ServerResponse, answer: Answer, clientRequestId?: string | string[]): void {
  const body = answer.json === undefined ? '' : JSON.stringify(answer.json);
  response.writeHead(answer.status, {
    'request-id': randomUUID(),
    ...(clientRequestId === undefined ? {} : { 'client-request-id': clientRequestId }),
    ...(body === '' ? {} : { 'content-type': 'application/json' }),
    'content-length': Buffer.byteLength(body),
    ...answer.headers,
  });
  response.end(body);
}
