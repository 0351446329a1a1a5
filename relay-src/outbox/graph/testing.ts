/** A Graph transport in front of the fake, for tests. */
import { createLog } from '../../daemon/log.ts';
import { defaultApp, type FakeGraph } from '../../testing/fake-graph/server.ts';
import type { Transport } from '../transport.ts';
import { graphSchema } from './config.ts';
import { createGraphTransport } from './transport.ts';

const { log } = createLog({ level: 'silent', format: 'json' });

/** `settings` over those that the fake wants. `request`: how long an answer is waited for, in milliseconds. */
export function testTransport(graph: FakeGraph, settings: object = {}, request = 20_000): Promise<Transport> {
  const { clientId, clientSecret, tenant } = defaultApp;
  const config = graphSchema.parse({
    kind: 'graph',
    tenant,
    clientId,
    ...('certificate' in settings ? {} : { clientSecret }),
    loginUrl: graph.url,
    graphUrl: graph.url,
    ca: graph.caFile,
    ...settings,
  });
  return createGraphTransport(config, { log, waits: { request } });
}
