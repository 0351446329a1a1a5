import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { host } from '../load.ts';
import { versionOf, type Peer } from './peer.ts';

/** Bytes passed on unseen: the floor for anything that stands between two others. */
export const haproxy: Peer = {
  name: 'HAProxy',
  what: 'HAProxy in TCP mode: passes bytes on, knows no SMTP',
  prepare: async () => versionOf('haproxy', ['-v'], /version (\d[\d.]*)/, 'apt-get install haproxy'),
  can: ({ content }) => content !== 'refused',
  start: ({ folder, listenPort, upstreamPort }) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 5m
  timeout server 5m
listen smtp
  bind ${host}:${listenPort}
  server sink ${host}:${upstreamPort}
`,
    );
    return { command: 'haproxy', args: ['-db', '-f', file] };
  },
};
