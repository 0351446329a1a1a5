import { environment } from '../../relay-src/mx-validator/contract.ts';
import { host, organizer } from '../load.ts';
import type { Peer } from './peer.ts';

/** Any other program that reads the same environment as mx-validator: `--peer name=command`. */
export function commandPeer(definition: string): Peer {
  const [name = '', ...rest] = definition.split('=');
  const command = rest.join('=');
  if (name === '' || command === '') throw new Error(`--peer ${definition}: expected name=command`);
  return {
    name,
    what: `\`${command}\``,
    prepare: async () => (process.getuid?.() === 0 ? { version: '' } : { missing: 'needs root' }),
    can: () => true,
    start: ({ listenPort, metricsPort, upstreamPort }) => ({
      command: '/bin/sh',
      args: ['-c', `exec ${command}`],
      env: {
        [environment.listenAddr]: `${host}:${listenPort}`,
        [environment.metricsAddr]: `${host}:${metricsPort}`,
        [environment.upstreamHost]: host,
        [environment.upstreamPort]: String(upstreamPort),
        [environment.stripIcsRecipients]: organizer,
      },
      systemResolver: true,
    }),
  };
}
