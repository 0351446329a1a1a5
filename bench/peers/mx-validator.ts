import { bundled } from '../../e2e/image/bundled.ts';
import { environment } from '../../relay-src/mx-validator/contract.ts';
import { host, organizer } from '../load.ts';
import type { Peer } from './peer.ts';

/** The real program as its image runs it: the same bundle, JSON logs, metrics, a list of senders. */
export function mxValidator(cache: string): Peer {
  let program: ReturnType<typeof bundled>;
  return {
    name: 'mx-validator',
    what: 'this repository, as in its image; with logs, metrics, a list of senders and the calendar cutter on',
    async prepare() {
      program = bundled('mx-validator', cache);
      return { version: '' };
    },
    can: () => true,
    start: ({ listenPort, metricsPort, upstreamPort, dns }) => ({
      ...program,
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
