/** Metrics, under the names that `contract.ts` promises. Every label has a fixed set of values. */
import { metricMakers } from '../daemon/metrics.ts';
import { copyResults, type metrics as names } from './contract.ts';

const attemptSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const deliverySeconds = [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 172_800];

/** Levels that are asked for when they are scraped. */
export interface Levels {
  /** Messages, and the age of the oldest in seconds, by state. */
  readonly messages: () => Iterable<readonly [state: string, number: number]>;
  readonly oldest: () => Iterable<readonly [state: string, seconds: number]>;
  readonly mailboxesInTrouble: () => number;
  readonly freeBytes: () => Promise<number>;
  /** Unix times in seconds; NaN while they are not known. */
  readonly tokenExpiry: () => number;
  readonly credentialExpiry: () => number;
  readonly copies: () => number;
}

/** All metrics of one outbox, in a registry of their own. */
export function createMetrics(now: Levels) {
  const { registry, counter, gauge, gauges, histogram } = metricMakers<keyof typeof names>();
  gauges('outbox_messages', 'Messages in the spool, by state', 'state', now.messages);
  gauges(
    'outbox_oldest_message_seconds',
    'Age of the oldest message in the spool, by state',
    'state',
    now.oldest,
  );
  gauge(
    'outbox_mailbox_deferred',
    'Mailboxes whose mail waits because they cannot send now',
    now.mailboxesInTrouble,
  );
  gauge('outbox_spool_free_bytes', "Octets free on the spool's file system", now.freeBytes);
  gauge('outbox_token_expiry_timestamp_seconds', 'When the access token ends', now.tokenExpiry);
  gauge(
    'outbox_credential_expiry_timestamp_seconds',
    'When the certificate or client secret ends, if that is known',
    now.credentialExpiry,
  );
  gauge('outbox_copy_queue_messages', 'Copies for Mailpit that wait', now.copies);
  const copies = counter('outbox_copies_total', 'Copies for Mailpit, by what became of them', ['result']);
  // From 0 on, so that the first one that is dropped is an increase.
  for (const result of copyResults) copies.inc({ result }, 0);
  return {
    registry,
    accepted: counter('outbox_accepted_total', 'Messages accepted: on disk, and answered with 250'),
    refused: counter('outbox_refused_total', 'Refusing replies to SMTP clients, by rule', ['rule']),
    resubmitted: counter(
      'outbox_resubmitted_total',
      'Messages that were here already, answered with 250 and not kept again',
    ),
    attempts: counter('outbox_attempts_total', 'Attempts to deliver, by result and class of the answer', [
      'result',
      'status',
    ]),
    attemptSeconds: histogram('outbox_attempt_seconds', 'Time of one attempt', attemptSeconds, ['result']),
    deliverySeconds: histogram(
      'outbox_delivery_seconds',
      'Time from the acceptance of a message to the confirmation of the next hop',
      deliverySeconds,
    ),
    bounces: counter(
      'outbox_bounces_total',
      'Failures to report to the sender, by what became of the report',
      ['result'],
    ),
    copies,
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
