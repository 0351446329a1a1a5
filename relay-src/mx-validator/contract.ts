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
  checkSenderDomain: 'CHECK_SENDER_DOMAIN',
  refusedDomains: 'REFUSED_DOMAINS',
  logLevel: 'LOG_LEVEL',
  logFormat: 'LOG_FORMAT',
  mixedRecipients: 'MIXED_RECIPIENTS',
  maxRecipients: 'MAX_RECIPIENTS',
  maxConnections: 'MAX_CONNECTIONS',
  maxConnectionsPerAddress: 'MAX_CONNECTIONS_PER_ADDRESS',
  maxUpstreamConnections: 'MAX_UPSTREAM_CONNECTIONS',
  maxBytesInFlight: 'MAX_BYTES_IN_FLIGHT',
  bareNewline: 'BARE_NEWLINE',
  postmaster: 'POSTMASTER',
  tlsCertFile: 'TLS_CERT_FILE',
  tlsKeyFile: 'TLS_KEY_FILE',
  proxyFrom: 'PROXY_FROM',
} as const;

/** Variables of a single listener: the name, then its port. */
export const listenerEnvironment = { allowedSenders: 'ALLOWED_SENDERS_' } as const;

/** Values of `LOG_LEVEL` and `LOG_FORMAT`. */
export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export const logFormats = ['json', 'text'] as const;

/**
 * Values of `MIXED_RECIPIENTS`: what becomes of calendar parts when only some recipients of a message are in
 * `STRIP_ICS_RECIPIENTS`.
 */
export const mixedRecipientModes = ['keep', 'strip-all'] as const;

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
  mx_validator_refusals_total: 'counter',
  mx_validator_transaction_seconds: 'histogram',
  mx_validator_received_bytes_total: 'counter',
  mx_validator_bytes_in_flight: 'gauge',
  mx_validator_bare_newlines_total: 'counter',
  mx_validator_upstream_connections: 'gauge',
  mx_validator_upstream_connect_seconds: 'histogram',
  mx_validator_upstream_errors_total: 'counter',
  mx_validator_dns_seconds: 'histogram',
  mx_validator_dns_answers_total: 'counter',
  mx_validator_dns_cache_entries: 'gauge',
  mx_validator_ics_skipped_total: 'counter',
} as const;

/** Values of the label `outcome` of `mx_validator_transactions_total`. */
export const transactionOutcomes = ['accepted', 'refused', 'deferred', 'aborted'] as const;

/**
 * Values of the label `outcome` of `mx_validator_dns_lookups_total` that are verdicts; every other value names the
 * trouble that kept DNS from giving one.
 */
export const dnsVerdicts = ['deliverable', 'no-such-domain', 'null-mx'] as const;
