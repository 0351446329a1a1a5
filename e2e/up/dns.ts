import { Resolver } from 'node:dns/promises';

import { startDnsServer } from '../../relay-src/testing/dns-server.ts';
import type { Zone } from '../../relay-src/testing/dns-server.ts';

/** What there is in the test DNS, one domain for each verdict; all other names do not exist. */
export const testZone: Zone = {
  'good.example': { MX: [[10, 'mx.good.example']] },
  'mx.good.example': { A: ['192.0.2.25'] },
  'null.example': { MX: [[0, '.']] },
  'trouble.example': { fault: 'servfail' },
};

/** A domain that takes mail in the real DNS. Nothing is sent there: it is only looked up. */
const realDomain = 'iana.org';

export interface Dns {
  /** `ip:port,…` for mx-validator; the system's resolvers when undefined. */
  readonly servers: string | undefined;
  /** A domain that takes mail, for the example. */
  readonly goodDomain: string;
  stop(): Promise<void>;
}

/** A small real DNS server on loopback that serves the test zone. */
export async function startTestDns(): Promise<Dns> {
  const server = await startDnsServer(testZone);
  return {
    servers: `${server.address}:${server.port}`,
    goodDomain: 'good.example',
    stop: () => server.close(),
  };
}

/** The resolvers that were named, else the system's, else (without a network) the test DNS. */
export async function chooseDns(
  { dns, testDns }: { readonly dns?: string; readonly testDns?: true },
  say: (line: string) => void,
): Promise<Dns> {
  const real = { servers: dns, goodDomain: realDomain, stop: async () => {} };
  if (dns !== undefined) return real;
  if (testDns !== true) {
    if (await systemResolves(realDomain)) return real;
    say(`this machine's resolvers do not find ${realDomain}: DNS is played by a test server`);
  }
  say(
    'test DNS: good.example takes mail, null.example takes none, trouble.example is SERVFAIL, nothing else is',
  );
  return startTestDns();
}

async function systemResolves(domain: string): Promise<boolean> {
  return new Resolver({ timeout: 2000, tries: 1 }).resolveMx(domain).then(
    (records) => records.length > 0,
    () => false,
  );
}
