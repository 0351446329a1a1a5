import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundled } from '../../e2e/image/bundled.ts';
import { host } from '../load.ts';
import type { QueuePeer } from './peer.ts';

/** The real program as its image runs it. Graph is down, so that all mail stays in the queue. */
export function outbox(cache: string): QueuePeer {
  let program: ReturnType<typeof bundled>;
  return {
    name: 'outbox',
    what: 'this repository, as in its image, with logs, metrics and a list of senders; Graph is down',
    async prepare() {
      program = bundled('outbox', cache);
      return { version: '' };
    },
    start: ({ folder, listenPort }) => {
      const file = join(folder, 'outbox.yaml');
      writeFileSync(file, JSON.stringify(config(folder, listenPort)));
      return { ...program, args: [...program.args, '--config', file] };
    },
    queued: (folder) =>
      readdirSync(join(folder, 'spool/queued')).filter((name) => name.endsWith('.json')).length,
  };
}

/** The same queue while it delivers, with a stand-in for the transport: what HTTPS costs is not measured. */
export function delivering(milliseconds: number): QueuePeer {
  return {
    name: `outbox → ${milliseconds} ms`,
    what: `the same queue while it delivers, to a stand-in for Graph that takes ${milliseconds} ms for each message and has no limits`,
    prepare: async () => ({ version: '' }),
    start: ({ folder, listenPort }) => ({
      command: process.execPath,
      args: [
        join(import.meta.dirname, 'delivering.ts'),
        JSON.stringify(config(folder, listenPort)),
        String(milliseconds),
      ],
    }),
    queued: () => undefined,
  };
}

/** Nobody listens on port 9. */
const nowhere = `https://${host}:9`;

const config = (folder: string, listenPort: number): object => ({
  listen: `${host}:${listenPort}`,
  metrics: `${host}:0`,
  spool: join(folder, 'spool'),
  hostname: 'outbox.test',
  allowedFrom: ['ok.test'],
  transport: {
    kind: 'graph',
    tenant: 'example.onmicrosoft.com',
    clientId: '00000000-0000-0000-0000-000000000000',
    clientSecret: 'none',
    loginUrl: nowhere,
    graphUrl: nowhere,
  },
});
