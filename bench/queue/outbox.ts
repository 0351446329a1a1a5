import { join } from 'node:path';
import { host } from '../load.ts';
import { readdirSync } from 'node:fs';
import type { QueuePeer } from './peer.ts';

/** Threads for files: as many fsyncs may run at once, and the disk takes them together. */
export const threads = '16';

/** Outbox with a next hop that is not there, or one that takes so many milliseconds for a message. */
export function outbox(nextHop: 'down' | number): QueuePeer {
  const isDown = nextHop === 'down';
  return {
    name: isDown ? 'outbox' : `outbox → ${nextHop} ms`,
    what: isDown
      ? 'this repository, with logs and metrics; its next hop is down, so that all mail stays in the queue'
      : `the same, while it delivers to a next hop that takes ${nextHop} ms for a message`,
    prepare: async () => ({ version: '' }),
    start: ({ folder, listenPort }) => ({
      command: process.execPath,
      args: [
        join(import.meta.dirname, 'outbox-program.ts'),
        folder,
        `${host}:${listenPort}`,
        String(nextHop),
      ],
      env: { NODE_ENV: 'production', UV_THREADPOOL_SIZE: threads },
    }),
    queued: (folder) =>
      isDown
        ? readdirSync(join(folder, 'spool/queued')).filter((name) => name.endsWith('.json')).length
        : undefined,
  };
}
