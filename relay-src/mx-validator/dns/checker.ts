/** Puts the parts together: known names, the cache, one lookup per domain at a time, and DNS. */

import { setTimeout as sleep } from 'node:timers/promises';
import { createVerdictCache } from './cache.ts';
import type { CacheLimits } from './cache.ts';
import { createLimit } from './limit.ts';
import { lookUp } from './lookup.ts';
import type { Found } from './lookup.ts';
import { createAsk } from './query.ts';
import { systemServers } from './resolv-conf.ts';
import type { Server } from './resolv-conf.ts';
import { turnTime } from '../../smtp/turn-time.ts';
import { isNeverMailDomain } from './special-names.ts';
import { NoAnswer } from './transport.ts';
import { troubleCauses } from './verdict.ts';
import type { DomainChecker, Verdict } from './verdict.ts';

/** Where an answer came from: the name alone, the cache, the cache past its lifetime, or DNS. */
export const answerSources = ['name', 'cache', 'stale', 'dns'] as const;
export type AnswerSource = (typeof answerSources)[number];

/** What a lookup came to: a verdict, or why there is none. */
export const lookupOutcomes = ['deliverable', 'no-such-domain', 'null-mx', ...troubleCauses] as const;
export type LookupOutcome = (typeof lookupOutcomes)[number];

/** Told what happens, for metrics. All values but the numbers come from small fixed sets. */
export interface DomainObserver {
  /** One per call of `check`. */
  answered(source: AnswerSource, verdict: Verdict['kind']): void;
  /** One per lookup. */
  lookedUp(outcome: LookupOutcome, seconds: number): void;
  /** The number of cached domains after each lookup. */
  cacheSize(entries: number): void;
}

export interface DomainCheckerOptions extends Partial<CacheLimits> {
  /** Recursive servers in the order in which they are asked; the system's when left out. */
  readonly servers?: readonly Server[];
  /** Time for one domain, all questions, servers and tries together, in milliseconds. */
  readonly totalMilliseconds?: number;
  readonly attemptMilliseconds?: number;
  readonly tries?: number;
  /** Lookups at once; further ones wait in a queue twice as long, then answer trouble. */
  readonly maxLookups?: number;
  /** How long a lookup may take when others wait for its place, in milliseconds. */
  readonly crowdedMilliseconds?: number;
  /** How long a check waits for DNS when a stale answer is at hand, in milliseconds. */
  readonly staleAnswerMilliseconds?: number;
  readonly observer?: DomainObserver;
  /** A clock in milliseconds that never goes back; for tests. */
  readonly now?: () => number;
}

/** What applies where the options are silent. */
const defaults = {
  totalMilliseconds: 8_000,
  attemptMilliseconds: 2_000,
  tries: 3,
  // CoreDNS forwards 1,000 questions at once for a whole cluster: leave most of them to others.
  maxLookups: 300,
  crowdedMilliseconds: 1_000,
  staleAnswerMilliseconds: 1_800, // RFC 8767 5
  maxEntries: 10_000,
  maxGoodSeconds: 3_600,
  maxRefusedSeconds: 300,
  failureSeconds: 5,
  staleSeconds: 86_400,
};

export function createDomainChecker(options: DomainCheckerOptions = {}): DomainChecker {
  const settings = { ...defaults, ...options };
  const { observer, now = turnTime } = settings;
  const cache = createVerdictCache(settings, now);
  const limit = createLimit(settings.maxLookups, settings.maxLookups * 2);
  const ask = createAsk({ ...settings, servers: settings.servers ?? systemServers() });
  /** The lookups under way, one per domain, with what ends each. */
  const running = new Map<string, { verdict: Promise<Found>; abort: AbortController; started: number }>();
  let closed = false;

  async function lookUpWithin(domain: string, abort: AbortController): Promise<Found> {
    const { signal } = abort;
    // At most half of the time is spent waiting: who gets a place must have time left to use it.
    if (!(await limit.enter(settings.totalMilliseconds / 2, signal))) {
      // Nothing was asked, so nothing is known about this domain: no failure to remember.
      return { kind: 'trouble', cause: closed ? 'closed' : 'overload' };
    }
    try {
      const { verdict, ttl } = await lookUp((type) => ask({ name: domain, type }, signal));
      cache.put(domain, verdict, ttl);
      return verdict;
    } finally {
      // The other address family may still be asked about; its answer changes nothing any more.
      abort.abort(new NoAnswer('closed'));
      limit.leave();
    }
  }

  /**
   * Ends the oldest lookup when it has had its time. Made-up domains whose servers stay silent would
   * otherwise hold every place for seconds, and good mail would wait behind them.
   */
  function makeRoom(): void {
    const [oldest] = running.values();
    if (oldest === undefined || now() - oldest.started < settings.crowdedMilliseconds) return;
    oldest.abort.abort(new NoAnswer('timeout'));
  }

  function start(domain: string): Promise<Found> {
    if (limit.full()) makeRoom();
    const started = now();
    const abort = new AbortController();
    const timeout = setTimeout(() => {
      abort.abort(new NoAnswer('timeout'));
    }, settings.totalMilliseconds);
    const verdict = lookUpWithin(domain, abort).then((found) => {
      clearTimeout(timeout);
      running.delete(domain);
      observer?.lookedUp(found.kind === 'trouble' ? found.cause : found.kind, (now() - started) / 1000);
      observer?.cacheSize(cache.size());
      return found;
    });
    running.set(domain, { verdict, abort, started });
    return verdict;
  }

  function answered(source: AnswerSource, verdict: Verdict): Verdict {
    observer?.answered(source, verdict.kind);
    return verdict;
  }

  /** Asks DNS about a domain that is not in the cache, or was good until not long ago. */
  async function asked(domain: string, expired: Verdict | undefined): Promise<Verdict> {
    const lookup = running.get(domain)?.verdict ?? start(domain);
    if (expired === undefined) return answered('dns', await lookup);
    // An answer of DNS counts, its silence or failure does not (RFC 8767 5).
    const found = await withinTime(lookup, settings.staleAnswerMilliseconds);
    if (found === undefined || found.kind === 'trouble') return answered('stale', expired);
    return answered('dns', found);
  }

  function check(domain: string): Verdict | Promise<Verdict> {
    const cached = cache.get(domain);
    if (cached?.state === 'fresh') return answered('cache', cached.verdict);
    if (cached?.state === 'stale') return answered('stale', cached.verdict);
    if (isNeverMailDomain(domain)) return answered('name', { kind: 'no-such-domain' });
    if (closed) return answered('dns', { kind: 'trouble', cause: 'closed' });
    return asked(domain, cached?.verdict);
  }

  return {
    check,
    close() {
      closed = true;
      for (const { abort } of running.values()) abort.abort(new NoAnswer('closed'));
    },
  };
}

/** The promise's value, or undefined when it takes longer. */
async function withinTime<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
