import type { Alert } from '../../constructs/alerts.ts';
import { copyResults } from '../../relay-src/outbox/contract.ts';
import { isDown, percent } from './alert-text.ts';

export interface OutboxAlertsProps {
  readonly namespace: string;
  /** Selects the series of our own programs. */
  readonly job: string;
  /** Size of the volume with the spool. */
  readonly spoolVolumeBytes: number;
}

const OLD_MINUTES = 60;
const DEFERRED_MINUTES = 15;
const UNKNOWN_PER_HOUR = 5;
const EXPIRY_DAYS = 21;
const FREE_SHARE = 0.1;
const NO_COPY = copyResults.filter((result) => result !== 'sent').join('|');

/** What can go wrong behind outbox's 250: mail waits, fails or goes twice. None of it is lost. */
export function outboxAlerts({ namespace, job, spoolVolumeBytes }: OutboxAlertsProps): Alert[] {
  const outbox = `kubectl -n ${namespace} exec deploy/email-relay -c outbox -- outbox`;
  return [
    {
      name: 'OutboxDown',
      severity: 'critical',
      for: '2m',
      expr: isDown(`up{${job},endpoint="outbox-metrics"}`),
      summary: 'outbox is down',
      description:
        'outbox has not answered a scrape for 2 minutes: nothing is delivered, and mx-validator answers 451. What it had accepted is on its volume. Look at the logs of the container outbox.',
    },
    {
      name: 'OutboxMailFailed',
      severity: 'critical',
      for: '0m',
      expr: `outbox_messages{${job},state="failed"} > 0`,
      summary: 'outbox has given up on mail',
      description: `{{ $value }} messages were accepted and will not be sent: their error is final, or they were tried for too long. They are kept until somebody decides: ${outbox} list, show, then retry or delete.`,
    },
    {
      name: 'OutboxMailboxDeferred',
      severity: 'critical',
      for: `${DEFERRED_MINUTES}m`,
      expr: `outbox_mailbox_deferred{${job}} > 0`,
      summary: 'outbox may not send as a mailbox',
      description: `All mail of a mailbox has waited for ${DEFERRED_MINUTES} minutes: a login, a consent or a licence has ended, or it is throttled. ${outbox} list names the mailbox and the answer. Nothing is lost while it waits.`,
    },
    {
      name: 'OutboxMailOld',
      severity: 'warning',
      for: '5m',
      expr: `outbox_oldest_message_seconds{${job},state="queued"} > ${OLD_MINUTES * 60}`,
      summary: 'mail waits in outbox',
      description: `The oldest message has waited for more than ${OLD_MINUTES} minutes. ${outbox} list shows the last answer for each.`,
    },
    {
      name: 'OutboxOutcomesUnknown',
      severity: 'warning',
      for: '0m',
      expr: `sum(increase(outbox_attempts_total{${job},result="unknown"}[1h])) > ${UNKNOWN_PER_HOUR}`,
      summary: 'outbox does not hear what becomes of mail',
      description: `More than ${UNKNOWN_PER_HOUR} attempts in an hour ended without an answer that says whether the message was sent: it is tried again, and may arrive twice. Look at the state of the next hop and of the network.`,
    },
    {
      name: 'OutboxCredentialExpiring',
      severity: 'warning',
      for: '0m',
      expr: `(outbox_credential_expiry_timestamp_seconds{${job}} > 0) - time() < ${EXPIRY_DAYS * 86_400}`,
      summary: "outbox's credential ends soon",
      description: `The certificate or client secret of outbox ends in less than ${EXPIRY_DAYS} days; all mail waits from then on. Make a new one beside it, then npm run secrets -- outbox-credentials.`,
    },
    {
      name: 'OutboxSpoolNearlyFull',
      severity: 'critical',
      for: '5m',
      expr: `outbox_spool_free_bytes{${job}} < ${Math.floor(spoolVolumeBytes * FREE_SHARE)}`,
      summary: "outbox's volume is nearly full",
      description: `Less than ${percent(FREE_SHARE)} of storage.queue is free: once nothing is, new mail is answered with 452. Find out why mail waits (${outbox} list), and enlarge the volume.`,
    },
    {
      name: 'OutboxCopiesDropped',
      severity: 'info',
      for: '0m',
      expr: `sum(increase(outbox_copies_total{${job},result=~"${NO_COPY}"}[1h])) > 0`,
      summary: 'Mailpit lacks copies',
      description:
        'Mailpit refused copies of some messages, or was away for too long: the messages themselves are delivered. Look at Mailpit, its memory and its volume; the log lines of outbox name the messages.',
    },
  ];
}
