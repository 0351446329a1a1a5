/**
 * What mx-validator promises to those who run it, as data: manifests, checks and the program itself
 * read the same names from here. No code, no imports.
 */

/** Container ports. 10025, not 25: a non-root process without capabilities cannot bind 25 on every platform. */
export const ports = { smtp: 10025, metrics: 9090 } as const;

/** Paths on the metrics port. */
export const paths = { metrics: '/metrics', live: '/healthz', ready: '/readyz' } as const;

/** Names of the environment variables that the program reads; any other with these prefixes is refused. */
export const environment = {
  listenAddr: 'LISTEN_ADDR',
  upstreamHost: 'UPSTREAM_HOST',
  upstreamPort: 'UPSTREAM_PORT',
  metricsAddr: 'METRICS_ADDR',
  hostname: 'HOSTNAME',
  stripIcsRecipients: 'STRIP_ICS_RECIPIENTS',
  dnsServers: 'DNS_SERVERS',
  maxMessageBytes: 'MAX_MESSAGE_BYTES',
  allowedSenders: 'ALLOWED_SENDERS',
  logLevel: 'LOG_LEVEL',
} as const;

/** Seconds that running transactions get after SIGTERM before the process gives up on them. */
export const drainSeconds = 40;

/** Names of the metrics that the program exports on `/metrics`, with their types. */
export const metrics = {
  mx_validator_accepted_total: 'counter',
  mx_validator_rejected_total: 'counter',
  mx_validator_connections_total: 'counter',
  mx_validator_active_connections: 'gauge',
  mx_validator_ics_stripped_total: 'counter',
  mx_validator_upstream_up: 'gauge',
  mx_validator_transactions_total: 'counter',
  mx_validator_dns_lookups_total: 'counter',
} as const;

/** Values of the label `outcome` of `mx_validator_transactions_total`. */
export const transactionOutcomes = ['accepted', 'refused', 'deferred', 'aborted'] as const;
