/** Who can receive mail: RFC 5321 5.1, RFC 7505 and RFC 8020, decided from what DNS answers. */

import type { Outcome } from './query.ts';
import type { QueryType } from './message.ts';
import { isNeverMailHost } from './special-names.ts';
import type { TroubleCause, Verdict } from './verdict.ts';

/** A verdict whose cause of trouble is one of the known ones. */
export type Found = Exclude<Verdict, { kind: 'trouble' }> | { kind: 'trouble'; cause: TroubleCause };

/** A verdict and how long DNS lets it stand, in seconds; trouble has no lifetime. */
export interface Finding {
  readonly verdict: Found;
  readonly ttl: number;
}

/**
 * Asks for MX, and only when there is none for A and AAAA.
 *
 * @param ask puts the question about the domain to DNS
 */
export async function lookUp(ask: (type: QueryType) => Promise<Outcome>): Promise<Finding> {
  const mx = await ask('MX');
  if (mx.kind === 'failed') return trouble(mx.cause);
  if (mx.kind === 'records') return { verdict: verdictOfHosts(mx.values), ttl: mx.ttl };
  // The name has no record of any type (RFC 8020 2): no need to ask for addresses.
  if (mx.kind === 'no-name') return { verdict: { kind: 'no-such-domain' }, ttl: mx.ttl };
  return implicitMx(mx.ttl, [ask('A'), ask('AAAA')]);
}

function verdictOfHosts(hosts: readonly string[]): Found {
  // A lone root is a null MX (RFC 7505 3); beside real hosts it is a mistake, and is ignored.
  if (hosts.every((host) => host === '')) return { kind: 'null-mx' };
  // MX records of which none is usable are an error, never a reason to try A (RFC 5321 5.1).
  if (hosts.every(isNeverMailHost)) return { kind: 'no-such-domain' };
  return { kind: 'deliverable' };
}

/** Without MX the domain itself is the host (RFC 5321 5.1): one address of either family is enough. */
async function implicitMx(ttl: number, addresses: Promise<Outcome>[]): Promise<Finding> {
  const found = await Promise.any(addresses.map(onlyRecords)).catch(() => undefined);
  if (found !== undefined) return { verdict: { kind: 'deliverable' }, ttl: Math.min(ttl, found.ttl) };
  const denials = await Promise.all(addresses);
  let lifetime = ttl;
  for (const denial of denials) {
    // A domain is refused only when all three types are proven absent.
    if (denial.kind === 'failed') return trouble(denial.cause);
    lifetime = Math.min(lifetime, denial.ttl);
  }
  return { verdict: { kind: 'no-such-domain' }, ttl: lifetime };
}

async function onlyRecords(answer: Promise<Outcome>): Promise<Outcome & { kind: 'records' }> {
  const outcome = await answer;
  if (outcome.kind !== 'records') throw new Error(outcome.kind);
  return outcome;
}

function trouble(cause: TroubleCause): Finding {
  return { verdict: { kind: 'trouble', cause }, ttl: 0 };
}
