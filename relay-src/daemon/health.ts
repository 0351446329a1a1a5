/** Metrics and the answers to probes, over HTTP. */
import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

export interface Health {
  readonly paths: { readonly metrics: string; readonly live: string; readonly ready: string };
  readonly registry: Registry;
  /** Undefined while this process listens; else why not. */
  readonly live: () => string | undefined;
  /** Undefined while what it stands on is there too; else why not. */
  readonly ready: () => Promise<string | undefined>;
}

/** An HTTP server, not yet listening. */
export function createHealthServer(health: Health): Server {
  const { paths } = health;
  return createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
    };
    const check = (problem: string | undefined): void =>
      problem === undefined ? answer(200, 'ok\n') : answer(503, `${problem}\n`);
    const failed = (error: unknown): void => answer(500, `${String(error)}\n`);
    const [path] = (request.url ?? '').split('?');
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(405, 'GET only\n');
    else if (path === paths.live) check(health.live());
    else if (path === paths.ready) health.ready().then(check, failed);
    else if (path === paths.metrics) {
      health.registry.metrics().then((text) => answer(200, text, health.registry.contentType), failed);
    } else answer(404, 'not found\n');
  });
}
