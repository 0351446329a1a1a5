/** A whole relay on loopback for tests: real sockets, DNS answers from a table. */
import { readConfig, type Environment } from '../mx-validator/config.ts';
import type { Verdict } from '../mx-validator/dns/verdict.ts';
import { createLog } from '../daemon/log.ts';
import { startRelay, type Parts, type Relay } from '../mx-validator/relay.ts';

/** Domains that cannot receive mail; every other one can. */
export const verdicts: Readonly<Record<string, Verdict>> = {
  'gone.example': { kind: 'no-such-domain' },
  'null.example': { kind: 'null-mx' },
  'trouble.example': { kind: 'trouble', cause: 'timeout' },
};

const { log } = createLog({ level: 'silent', format: 'json' });

/** Milliseconds. For what a busy machine does in no time otherwise; `room` is a wait that a dialogue sits out. */
const waits = { connect: 5000, reply: 5000, block: 5000, final: 5000, room: 400 };

/** Starts a relay in front of the upstream on this port. */
export function startTestRelay(
  upstreamPort: number,
  env: Environment = {},
  parts: Partial<Parts> = {},
): Promise<Relay> {
  const environment = {
    LISTEN_ADDR: '127.0.0.1:0',
    UPSTREAM_PORT: String(upstreamPort),
    METRICS_ADDR: '127.0.0.1:0',
    HOSTNAME: 'relay.example',
    ...env,
  };
  return startRelay(readConfig(environment), {
    log,
    domains: {
      check: (domain) =>
        domain === 'broken.example'
          ? Promise.reject(new Error('a fault that the relay did not foresee'))
          : Promise.resolve(verdicts[domain] ?? { kind: 'deliverable' }),
      close: () => undefined,
    },
    waits,
    ...parts,
  });
}
