import type { Peer } from './peer.ts';

/** What the load generator and the sink can do without a program between them. */
export const direct: Peer = {
  name: 'direct',
  what: 'no program: the load generator talks to the sink',
  prepare: async () => ({ version: '' }),
  can: ({ content }) => content !== 'refused',
  start: undefined,
};
