/** Which DNS servers to ask, and how their addresses are written. */

import { getServers } from 'node:dns';
import { isIP } from 'node:net';

export interface Server {
  /** An IP address; a name would need DNS to find DNS. */
  readonly address: string;
  readonly port: number;
}

/**
 * Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`; port 53 when none is given.
 * Undefined when the text is none of these.
 */
export function parseServer(text: string): Server | undefined {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? 53);
  const family = match?.[1] === undefined ? 4 : 6;
  if (isIP(address) !== family || port < 1 || port > 65_535) return undefined;
  return { address, port };
}

/** The servers of /etc/resolv.conf, in its order. Its search list and `ndots` do not apply to mail. */
export function systemServers(): Server[] {
  return getServers().flatMap((text) => parseServer(text) ?? []);
}
