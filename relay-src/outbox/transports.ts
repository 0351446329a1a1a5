/** The transport that a configuration asks for. */
import type { Log } from '../daemon/log.ts';
import type { Config } from './config.ts';
import type { Transport } from './transport.ts';

export async function createTransport(config: Config, _log: Log): Promise<Transport> {
  throw new Error(`the transport ${config.transport.kind} is not built yet`);
}
