/** The transport that a configuration asks for. */
import type { Log } from '../daemon/log.ts';
import type { Config } from './config.ts';
import { createGraphTransport } from './graph/transport.ts';
import { createSmarthostTransport } from './smarthost/transport.ts';
import type { Transport } from './transport.ts';

/** Reads the files that its part of the configuration names. Throws if one cannot be read or used. */
export async function createTransport({ hostname, transport }: Config, log: Log): Promise<Transport> {
  if (transport.kind === 'graph') return createGraphTransport(transport, { log });
  return createSmarthostTransport(transport, { name: hostname });
}
