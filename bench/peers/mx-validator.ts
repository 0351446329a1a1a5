import { build } from 'esbuild';
import { join } from 'node:path';
import { environment } from '../../relay-src/mx-validator/contract.ts';
import { host, organizer } from '../load.ts';
import type { Peer } from './peer.ts';

const source = join(import.meta.dirname, '../../relay-src/mx-validator/main.ts');

/** The real program as its image runs it: bundled, JSON logs, metrics, a list of senders. */
export function mxValidator(cache: string): Peer {
  const bundle = join(cache, 'mx-validator.cjs');
  return {
    name: 'mx-validator',
    what: 'this repository, bundled, with logs, metrics, a list of senders and the calendar cutter on',
    async prepare() {
      await build({
        entryPoints: [source],
        outfile: bundle,
        bundle: true,
        platform: 'node',
        format: 'cjs',
        target: 'node24',
      });
      return { version: '' };
    },
    can: () => true,
    start: ({ listenPort, metricsPort, upstreamPort, dns }) => ({
      command: process.execPath,
      args: [bundle],
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
