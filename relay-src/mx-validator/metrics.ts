/** Metrics, under the names that `contract.ts` promises. Every label has a fixed set of values. */
import { Distribution, metricMakers } from '../daemon/metrics.ts';
import { replies } from '../smtp/rules.ts';
import type { metrics as names } from './contract.ts';
import type { AnswerSource } from './dns/checker.ts';
import type { Outcome } from './pass-through.ts';

const smallSeconds = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 2, 5, 8];
const transactionSeconds = [0.005, 0.025, 0.1, 0.25, 1, 2.5, 10, 30, 120, 600];

/** All metrics of one relay, in a registry of their own. `now` is asked for levels when they are scraped. */
export function createMetrics(now: { bytesInFlight: () => number; upstreamConnections: () => number }) {
  const transactions = { accepted: 0, refused: 0, deferred: 0, aborted: 0 } satisfies Record<Outcome, number>;
  const dnsAnswers = { name: 0, cache: 0, stale: 0, dns: 0 } satisfies Record<AnswerSource, number>;
  const seconds = {
    accepted: new Distribution(transactionSeconds),
    refused: new Distribution(transactionSeconds),
    deferred: new Distribution(transactionSeconds),
    aborted: new Distribution(transactionSeconds),
  } satisfies Record<Outcome, Distribution>;
  const totals = { transactions, transactionSeconds: seconds, dnsAnswers, receivedBytes: 0 };
  const { registry, counter, total, totalsBy, gauge, histogram, histogramsBy } =
    metricMakers<keyof typeof names>();
  const refusals = counter('mx_validator_refusals_total', 'Refusing replies of our own, by rule', ['rule']);
  // From the start, so that the first refusal is an increase too.
  for (const [rule, { code }] of Object.entries(replies)) if (code >= 400) refusals.inc({ rule }, 0);
  total(
    'mx_validator_accepted_total',
    'Messages that the upstream confirmed with its final 250',
    () => totals.transactions.accepted,
  );
  totalsBy(
    'mx_validator_transactions_total',
    'Mail transactions ended, by outcome',
    'outcome',
    () => totals.transactions,
  );
  total('mx_validator_received_bytes_total', 'Octets of messages received', () => totals.receivedBytes);
  totalsBy(
    'mx_validator_dns_answers_total',
    'Questions about a domain, by where the answer was',
    'source',
    () => totals.dnsAnswers,
  );
  histogramsBy(
    'mx_validator_transaction_seconds',
    'Time from MAIL to the end of the transaction',
    'outcome',
    seconds,
  );
  return {
    registry,
    /** To be counted up; scraped from here. */
    totals,
    rejected: counter('mx_validator_rejected_total', 'Recipients refused for good (5xx)'),
    connections: counter('mx_validator_connections_total', 'SMTP connections accepted'),
    activeConnections: gauge('mx_validator_active_connections', 'SMTP connections open now'),
    icsStripped: counter('mx_validator_ics_stripped_total', 'Messages that lost calendar parts'),
    icsSkipped: counter('mx_validator_ics_skipped_total', 'Calendar parts left alone, by reason', ['reason']),
    refusals,
    bytesInFlight: gauge(
      'mx_validator_bytes_in_flight',
      'Octets of messages under way to the upstream',
      now.bytesInFlight,
    ),
    bareNewlines: counter('mx_validator_bare_newlines_total', 'Bare LFs in messages that became CRLF'),
    upstreamUp: gauge('mx_validator_upstream_up', '1 if the upstream answered when last asked'),
    upstreamConnections: gauge(
      'mx_validator_upstream_connections',
      'Connections to the upstream open now',
      now.upstreamConnections,
    ),
    upstreamConnectSeconds: histogram(
      'mx_validator_upstream_connect_seconds',
      'Time to connect to the upstream, greeting and EHLO included',
      smallSeconds,
    ),
    upstreamErrors: counter('mx_validator_upstream_errors_total', 'Upstream connections lost, by how', [
      'failure',
    ]),
    dnsLookups: counter('mx_validator_dns_lookups_total', 'DNS lookups of recipient domains, by outcome', [
      'outcome',
    ]),
    dnsSeconds: histogram('mx_validator_dns_seconds', 'Time of one lookup of a domain', smallSeconds),
    dnsCacheEntries: gauge('mx_validator_dns_cache_entries', 'Domains in the cache'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
