/**
 * What the relay finds in the internet of the test cluster: the stand-in for Microsoft Graph on port 443, and a
 * listener on port 25, which no policy lets the relay reach. Runs in a network namespace of its own.
 *
 *   node internet.ts OPTIONS    as JSON: see Internet
 */
import { createServer } from 'node:net';
import { z } from 'zod';

import { startFakeGraph } from '../../../relay-src/testing/fake-graph/server.ts';

const internet = z.object({
  address: z.string(),
  /** Files of the certificate for Graph's names. */
  cert: z.string(),
  key: z.string(),
  ledgerFile: z.string(),
  /** The app registration that the manifests name. */
  app: z.object({ tenant: z.string(), clientId: z.string(), clientSecret: z.string() }),
});

export type Internet = z.infer<typeof internet>;

const { address, app, ...files } = internet.parse(JSON.parse(process.argv[2] ?? ''));
await startFakeGraph({ host: address, port: 443, app, ...files });
createServer((socket) => socket.on('error', () => undefined).end('220 internet\r\n')).listen(25, address);
process.stdout.write('ready\n');
