import type { Alert } from '../../constructs/alerts.ts';
import { dnsVerdicts } from '../../relay-src/mx-validator/contract.ts';
import type { ReplyName } from '../../relay-src/smtp/rules.ts';
import type { LastHopName } from '../images.ts';
import { isDown, percent } from './alert-text.ts';
import { outboxAlerts } from './outbox-alerts.ts';

export interface RelayAlertsProps {
  readonly namespace: string;
  readonly lastHop: LastHopName;
  /** Messages that Mailpit keeps. */
  readonly maxMessages: number;
  /** Size of Mailpit's volume. */
  readonly mailpitVolumeBytes: number;
  /** Size of the volume with the last hop's queue. */
  readonly queueVolumeBytes: number;
}

const REJECTS_PER_MINUTE = 10;
const DEFERRED_SHARE = 0.1;
const DNS_TROUBLE_SHARE = 0.5;
const KEPT_SHARE = 0.9;
/** SQLite's VACUUM writes the database a second time, on the same volume. */
const DATABASE_SHARE = 0.5;
const FREE_SHARE = 0.15;
/** Refusals of a whole message for what the application itself does: no retry and no other recipient helps. */
const APPLICATION_FAULTS: readonly ReplyName[] = [
  'senderRefused',
  'fromRefused',
  'declaredTooBig',
  'tooBig',
  'badHeader',
  'bareNewline',
  'lineTooLong',
  'loop',
];
const RESTARTS = 2;

/** What differs by the order of the hops. */
const TEXTS = {
  outbox: {
    nextHop: 'outbox',
    mailpitDown: 'copies of mail are missing in its web UI. Delivery goes on.',
    databaseFull: 'it takes no more copies.',
    queueFilling:
      'On outbox-data it means undelivered mail: look at kubectl -n email-relay exec deploy/email-relay -c outbox -- outbox list.',
    restarting: 'mail is deferred meanwhile, and what outbox had accepted is on its volume.',
  },
  smtp2graph: {
    nextHop: 'mailpit',
    mailpitDown: 'it is the hop behind mx-validator, so mail is deferred.',
    databaseFull:
      'Mailpit answers 451 to mail that it has already passed on, and each retry is delivered again.',
    queueFilling:
      'On smtp2graph-data it means undelivered mail: look at mailroot/queue, mailroot/failed and logs/error.log there.',
    restarting: 'messages that smtp2graph had accepted in that moment may be lost.',
  },
} as const;

/** What wakes somebody up, or tells them tomorrow: each way in which the relay stops or loses mail. */
export function relayAlerts(props: RelayAlertsProps): Alert[] {
  const { namespace, lastHop, maxMessages, mailpitVolumeBytes } = props;
  const texts = TEXTS[lastHop];
  const job = `namespace="${namespace}",job="email-relay"`;
  const transactions = 'mx_validator_transactions_total';
  const lookups = 'mx_validator_dns_lookups_total';
  const keptMessages = Math.floor(maxMessages * KEPT_SHARE);
  return [
    {
      name: 'EmailRelayDown',
      severity: 'critical',
      for: '2m',
      expr: isDown(`up{${job},endpoint="mx-metrics"}`),
      summary: 'The email relay is down',
      description:
        'mx-validator has not answered a scrape for 2 minutes: applications cannot send mail. Look at kubectl -n email-relay describe pod and at the logs of all three containers.',
    },
    {
      name: 'EmailRelayNextHopUnavailable',
      severity: 'critical',
      for: '2m',
      expr: `mx_validator_upstream_up{${job}} == 0`,
      summary: 'The email relay defers all mail',
      description: `mx-validator has not reached its next hop for 2 minutes and answers every MAIL with 451: applications that do not retry lose their mail. Look at the logs of the container ${texts.nextHop}.`,
    },
    {
      name: 'EmailRelayDefersMail',
      severity: 'warning',
      for: '10m',
      expr: `sum(rate(${transactions}{${job},outcome="deferred"}[10m])) > ${DEFERRED_SHARE} * sum(rate(${transactions}{${job}}[10m]))`,
      summary: 'The email relay defers mail',
      description: `More than ${percent(DEFERRED_SHARE)} of the messages were answered with a 4xx for 10 minutes: applications that do not retry lose their mail. The log lines of mx-validator name the reason.`,
    },
    {
      name: 'EmailRelayHighRejectionRate',
      severity: 'warning',
      for: '5m',
      expr: `sum(rate(mx_validator_rejected_total{${job}}[5m])) * 60 > ${REJECTS_PER_MINUTE}`,
      summary: 'The email relay refuses many recipients',
      description: `More than ${REJECTS_PER_MINUTE} recipients a minute were refused for 5 minutes: fake bookings, or a broken application. The log lines of mx-validator name the domains.`,
    },
    {
      name: 'EmailRelayRefusesMessages',
      severity: 'warning',
      for: '0m',
      expr: `sum by (rule) (increase(mx_validator_refusals_total{${job},rule=~"${APPLICATION_FAULTS.join('|')}"}[15m])) > 0`,
      summary: 'The email relay refuses messages of an application',
      description:
        'In the last 15 minutes messages were refused for good by the rule {{ $labels.rule }}: an application sends what no retry will mend, and loses that mail. The log lines of mx-validator name the client and the sender; docs/rfc.md explains the rule.',
    },
    {
      name: 'EmailRelayDnsFailing',
      severity: 'warning',
      for: '5m',
      expr: `sum(rate(${lookups}{${job},outcome!~"${dnsVerdicts.join('|')}"}[5m])) > ${DNS_TROUBLE_SHARE} * sum(rate(${lookups}{${job}}[5m]))`,
      summary: 'The email relay cannot look up domains',
      description: `More than ${percent(DNS_TROUBLE_SHARE)} of the DNS questions failed for 5 minutes: recipients are answered with 451. Look at the cluster's DNS and at the NetworkPolicy's DNS rule.`,
    },
    {
      name: 'MailpitDown',
      severity: lastHop === 'outbox' ? 'warning' : 'critical',
      for: '2m',
      expr: isDown(`up{${job},endpoint="mp-metrics"}`),
      summary: 'Mailpit is down',
      description: `Mailpit has not answered a scrape for 2 minutes: ${texts.mailpitDown} Look at the logs of the container mailpit.`,
    },
    {
      name: 'MailpitNearlyFull',
      severity: 'info',
      for: '10m',
      expr: `mailpit_messages{namespace="${namespace}"} > ${keptMessages}`,
      summary: 'Mailpit forgets messages before their age',
      description: `Mailpit keeps more than ${keptMessages} messages and prunes the oldest beyond ${maxMessages}: raise mailpit.maxMessages, or keep mail for a shorter time. No delivery is lost.`,
    },
    {
      name: 'MailpitDatabaseLarge',
      severity: 'warning',
      for: '10m',
      expr: `mailpit_database_size_bytes{namespace="${namespace}"} > ${Math.floor(mailpitVolumeBytes * DATABASE_SHARE)}`,
      summary: "Mailpit's database fills half its volume",
      description: `The database is larger than ${percent(DATABASE_SHARE)} of its volume and needs its own size again to shrink; once it is full, ${texts.databaseFull} Enlarge storage.mailpit or lower mailpit.maxMessages.`,
    },
    {
      name: 'EmailRelayVolumeFilling',
      severity: 'warning',
      for: '15m',
      expr: `kubelet_volume_stats_available_bytes{namespace="${namespace}"} < ${FREE_SHARE} * kubelet_volume_stats_capacity_bytes{namespace="${namespace}"}`,
      summary: 'A volume of the email relay is filling up',
      description: `The claim {{ $labels.persistentvolumeclaim }} has less than ${percent(FREE_SHARE)} left. ${texts.queueFilling}`,
    },
    {
      name: 'EmailRelayRestarting',
      severity: 'warning',
      for: '0m',
      expr: `increase(kube_pod_container_status_restarts_total{namespace="${namespace}"}[30m]) > ${RESTARTS}`,
      summary: 'A container of the email relay keeps restarting',
      description: `{{ $labels.container }} restarted more than ${RESTARTS} times in 30 minutes; ${texts.restarting} Look at kubectl -n email-relay logs -c {{ $labels.container }} --previous.`,
    },
    ...(lastHop === 'outbox'
      ? outboxAlerts({ namespace, job, spoolVolumeBytes: props.queueVolumeBytes })
      : []),
  ];
}
