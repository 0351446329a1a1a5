/** Addresses to listen on: `:25` is every address of this host. */
import { once } from 'node:events';
import { isIP, type Server } from 'node:net';

export interface Address {
  /** Undefined: all addresses of this host. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Reads `:25`, `127.0.0.1:2525` or `[::1]:2525`; undefined if it is none of these. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3]);
  if (match === null || port > 65_535 || (host !== '' && isIP(host) === 0)) return undefined;
  return { host: host === '' ? undefined : host, port };
}

/** Resolves with the port when the server listens, which differs where port 0 was asked for. */
export async function listen(
  server: Pick<Server, 'listen' | 'address'> & NodeJS.EventEmitter,
  { host, port }: Address,
): Promise<number> {
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  await once(server, 'listening');
  const bound = server.address();
  return bound === null || typeof bound === 'string' ? port : bound.port;
}
