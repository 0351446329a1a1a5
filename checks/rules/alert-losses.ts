import { alertsOf } from '../alerts.ts';
import { containerOf, relaysOf } from '../relay.ts';
import type { Pod } from '../pod.ts';
import type { Rule } from '../rule.ts';

/** A way in which mail stops or is lost, and what an alert on it must look at. */
interface Loss {
  readonly what: string;
  readonly sign: RegExp;
  /** Container that can lose it so; the relay itself where there is none. */
  readonly program?: string;
}

const LOSSES: readonly Loss[] = [
  { what: 'the relay is down', sign: /\bup\b(?![^}]*endpoint="(?!mx-metrics))|\babsent\((?!up)/ },
  { what: 'domains cannot be looked up', sign: /mx_validator_dns_/ },
  { what: 'the next hop does not take mail', sign: /mx_validator_upstream_(up|errors_total)/ },
  { what: 'mail is deferred', sign: /mx_validator_transactions_total[^ ]*deferred/ },
  { what: 'many recipients are refused', sign: /mx_validator_rejected_total/ },
  {
    what: 'the database of Mailpit fills its volume',
    sign: /mailpit_database_size_bytes/,
    program: 'mailpit',
  },
  { what: 'a volume fills', sign: /volume_stats|spool_free/ },
  { what: 'a container keeps restarting', sign: /restarts_total/ },
  { what: 'accepted mail cannot be sent', sign: /outbox_messages\b/, program: 'outbox' },
  { what: 'accepted mail waits', sign: /outbox_oldest_message_seconds/, program: 'outbox' },
  { what: 'outbox is down', sign: /\bup\{[^}]*outbox-metrics/, program: 'outbox' },
  { what: 'its spool is full', sign: /outbox_spool_free_bytes/, program: 'outbox' },
  { what: 'all mail of a mailbox waits', sign: /outbox_mailbox_deferred/, program: 'outbox' },
  { what: 'mail may have been sent twice', sign: /outbox_attempts_total[^ ]*unknown/, program: 'outbox' },
  { what: 'a credential ends', sign: /outbox_(credential|token)_expiry/, program: 'outbox' },
];

function concerns({ program }: Loss, pod: Pod): boolean {
  return program === undefined || containerOf(pod, program) !== undefined;
}

export const alertLosses: Rule = {
  id: 'alert-losses',
  reason: 'A way to lose mail that no alert watches is found by the person whose mail is missing.',
  remedy:
    'Render an alert for each: target down, next hop, volume, restarts; with outbox failed and old mail, expiry.',
  reference: 'https://sre.google/sre-book/monitoring-distributed-systems/',
  *check(tree) {
    const [root] = tree.of('monitoring.coreos.com/PrometheusRule');
    if (root === undefined) return;
    const expressions = alertsOf(tree).map((alert) => alert.at('expr').text ?? '');
    for (const pod of relaysOf(tree)) {
      for (const loss of LOSSES.filter((candidate) => concerns(candidate, pod))) {
        if (!expressions.some((expression) => loss.sign.test(expression))) {
          yield { at: root.at('spec', 'groups'), message: `no alert says that ${loss.what}` };
        }
      }
    }
  },
};
