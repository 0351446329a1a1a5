/**
 * What outbox promises to those who run it, as data: manifests, checks and the program itself read the same
 * names from here. No code, no imports.
 */

/** Container ports. SMTP listens on loopback only: nobody sends past mx-validator. */
export const ports = { smtp: 2525, metrics: 9092 } as const;

/** Paths on the metrics port. */
export const paths = { metrics: '/metrics', live: '/healthz', ready: '/readyz' } as const;

/** Files and folders in the container. */
export const files = {
  /** The ConfigMap `outbox-config`, mounted as a whole. */
  config: '/etc/outbox/outbox.yaml',
  /** The Secret `outbox-credentials`, mounted as a whole: read anew when it changes. */
  credentials: '/var/run/secrets/outbox',
  /** The claim `outbox-data`. */
  spool: '/var/spool/outbox',
  /** A queue of smtp2graph that is taken over at the start, if it is mounted. */
  smtp2graph: '/var/spool/smtp2graph',
} as const;

/** Keys of the Secret `outbox-credentials`. */
export const credentialKeys = {
  clientSecret: 'client-secret',
  certificate: 'certificate',
  privateKey: 'private-key',
  password: 'password',
} as const;

/** Seconds that attempts under way get after SIGTERM and the last session's end. */
export const drainSeconds = 50;

/** States of a message, which are the folders of the spool, and the value of the label `state`. */
export const states = ['incoming', 'queued', 'held', 'failed'] as const;

/** Values of the label `result` of `outbox_attempts_total`. */
export const results = ['sent', 'deferred', 'unknown', 'failed'] as const;

/** Values of the label `result` of `outbox_copies_total`. */
export const copyResults = ['sent', 'refused', 'dropped'] as const;

/** Names of the metrics that the program exports on `/metrics`, with their types. */
export const metrics = {
  outbox_accepted_total: 'counter',
  outbox_refused_total: 'counter',
  outbox_resubmitted_total: 'counter',
  outbox_messages: 'gauge',
  outbox_oldest_message_seconds: 'gauge',
  outbox_attempts_total: 'counter',
  outbox_attempt_seconds: 'histogram',
  outbox_delivery_seconds: 'histogram',
  outbox_mailbox_deferred: 'gauge',
  outbox_bounces_total: 'counter',
  outbox_spool_free_bytes: 'gauge',
  outbox_token_expiry_timestamp_seconds: 'gauge',
  outbox_credential_expiry_timestamp_seconds: 'gauge',
  outbox_copies_total: 'counter',
  outbox_copy_queue_messages: 'gauge',
} as const;
