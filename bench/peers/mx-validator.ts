import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { environment } from '../../relay-src/mx-validator/contract.ts';
import { host, organizer } from '../load.ts';
import type { Peer } from './peer.ts';

const root = join(import.meta.dirname, '../..');

/** The real program as its image runs it: the same bundle, JSON logs, metrics, a list of senders. */
export function mxValidator(cache: string): Peer {
  return {
    name: 'mx-validator',
    what: 'this repository, as in its image; with logs, metrics, a list of senders and the calendar cutter on',
    async prepare() {
      const bundler = join(root, 'scripts/bundle.ts');
      execFileSync(process.execPath, [bundler, 'mx-validator', cache], { stdio: 'inherit' });
      return { version: '' };
    },
    can: () => true,
    start: ({ listenPort, metricsPort, upstreamPort, dns }) => ({
      command: process.execPath,
      args: [...imageFlags(), join(cache, 'mx-validator.mjs')],
      env: {
        NODE_ENV: 'production',
        [environment.listenAddr]: `${host}:${listenPort}`,
        [environment.metricsAddr]: `${host}:${metricsPort}`,
        [environment.upstreamHost]: host,
        [environment.upstreamPort]: String(upstreamPort),
        [environment.hostname]: 'relay.test',
        [environment.dnsServers]: `${dns.address}:${dns.port}`,
        [environment.allowedSenders]: 'ok.test',
        [environment.stripIcsRecipients]: organizer,
      },
    }),
  };
}

/** What the image's ENTRYPOINT gives Node before the program. */
function imageFlags(): string[] {
  const file = join(root, 'relay-src/mx-validator/Containerfile');
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(file, 'utf8'))?.[1];
  return z
    .array(z.string())
    .parse(JSON.parse(entrypoint ?? 'null'))
    .slice(1, -1);
}
