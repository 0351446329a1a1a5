/**
 * What was learnt about domains, bounded in entries and in time.
 *
 * Two lists, each with its own bound: whoever writes to 10,000 made-up domains fills the list of
 * refusals and pushes no good domain out of the other one.
 */

import { LRUCache } from 'lru-cache';
import type { Verdict } from './verdict.ts';

export interface CacheLimits {
  /** Entries in each of the two lists. */
  readonly maxEntries: number;
  /** Longest time that a good domain is taken as good without asking, whatever DNS says, in seconds. */
  readonly maxGoodSeconds: number;
  /** The same for a refusal (RFC 2308 5): short, since somebody may be repairing the domain right now. */
  readonly maxRefusedSeconds: number;
  /** How long a failed lookup is not repeated, in seconds: 1 to 300 (RFC 9520 3.2). */
  readonly failureSeconds: number;
  /** How long beyond its lifetime a good domain counts as good while DNS fails, in seconds (RFC 8767 4). */
  readonly staleSeconds: number;
}

export interface Cached {
  readonly verdict: Verdict;
  /**
   * - `fresh`: within its lifetime;
   * - `stale`: past it, but DNS has failed a moment ago, so use it and do not ask;
   * - `expired`: past it; ask, and use it only when DNS does not answer (RFC 8767 5).
   */
  readonly state: 'fresh' | 'stale' | 'expired';
}

export interface VerdictCache {
  get(domain: string): Cached | undefined;
  /** Keeps a verdict for `ttl` seconds or its cap; a failure for `failureSeconds`, beside what is known. */
  put(domain: string, verdict: Verdict, ttl: number): void;
  /** Entries in both lists. */
  size(): number;
}

const deliverable: Verdict = { kind: 'deliverable' };

/** @param now a clock in milliseconds that never goes back */
export function createVerdictCache(limits: CacheLimits, now: () => number): VerdictCache {
  const good = new LRUCache<string, { freshUntil: number }>({ max: limits.maxEntries });
  const refused = new LRUCache<string, { verdict: Verdict; freshUntil: number }>({ max: limits.maxEntries });

  return {
    get(domain) {
      const time = now();
      const known = good.get(domain);
      if (known !== undefined && time < known.freshUntil) return { verdict: deliverable, state: 'fresh' };
      const usable = known !== undefined && time < known.freshUntil + limits.staleSeconds * 1000;
      const refusal = refused.get(domain);
      if (refusal === undefined || time >= refusal.freshUntil) {
        return usable ? { verdict: deliverable, state: 'expired' } : undefined;
      }
      if (refusal.verdict.kind === 'trouble' && usable) return { verdict: deliverable, state: 'stale' };
      return { verdict: refusal.verdict, state: 'fresh' };
    },
    put(domain, verdict, ttl) {
      const until = (cap: number): number => now() + Math.min(ttl, cap) * 1000;
      switch (verdict.kind) {
        case 'deliverable':
          good.set(domain, { freshUntil: until(limits.maxGoodSeconds) });
          refused.delete(domain);
          return;
        case 'no-such-domain':
        case 'null-mx':
          // An authoritative refusal ends staleness too (RFC 8767 4).
          good.delete(domain);
          refused.set(domain, { verdict, freshUntil: until(limits.maxRefusedSeconds) });
          return;
        case 'trouble':
          refused.set(domain, { verdict, freshUntil: now() + limits.failureSeconds * 1000 });
      }
    },
    size: () => good.size + refused.size,
  };
}
