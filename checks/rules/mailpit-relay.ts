import { containerOf, isOn, mailpitsOf, relays } from '../relay.ts';
import type { Mailpit } from '../relay.ts';
import type { Rule } from '../rule.ts';

interface Requirement {
  readonly name: string;
  readonly holds: (mailpit: Mailpit) => boolean;
  readonly message: string;
}

const value = ({ environment }: Mailpit, name: string) => environment.get(name)?.text;

/** What the published order needs, so that a relay failure is told and nobody sends past mx-validator. */
const REQUIREMENTS: readonly Requirement[] = [
  {
    name: 'MP_SMTP_RELAY_ALL',
    holds: ({ environment }) => isOn(environment.get('MP_SMTP_RELAY_ALL')),
    message: 'mail is kept and not passed on',
  },
  {
    name: 'MP_SMTP_RELAY_HOST',
    holds: (mailpit) => value(mailpit, 'MP_SMTP_RELAY_HOST') === '127.0.0.1',
    message: 'the next hop is this pod, by number: "localhost" may be ::1, which smtp2graph refuses',
  },
  {
    name: 'MP_SMTP_RELAY_PORT',
    holds: (mailpit) => /^\d+$/.test(value(mailpit, 'MP_SMTP_RELAY_PORT') ?? ''),
    message: 'expected the port of the next hop: the default is 25, where nobody listens',
  },
  {
    name: 'MP_SMTP_RELAY_FWD_SMTP_ERRORS',
    holds: ({ environment }) => isOn(environment.get('MP_SMTP_RELAY_FWD_SMTP_ERRORS')),
    message: 'without it a relay failure is answered with 250 and the mail is lost',
  },
  {
    name: 'MP_SEND_API_AUTH_FILE',
    holds: ({ environment }) => environment.has('MP_SEND_API_AUTH_FILE'),
    message: 'without it the UI password also sends mail to anyone',
  },
  {
    name: 'MP_SMTP_RELAY_ALLOWED_RECIPIENTS',
    holds: (mailpit) => value(mailpit, 'MP_SMTP_RELAY_ALLOWED_RECIPIENTS') === '^$',
    message: 'expected ^$, or a reader of the UI releases any message to any address',
  },
];

export const mailpitRelay: Rule = {
  id: 'mailpit-relay',
  reason: 'Nobody sends past mx-validator, and a failure behind Mailpit must reach the sender.',
  remedy: `In the published order set ${REQUIREMENTS.map(({ name }) => name).join(', ')}; with outbox set no MP_SMTP_RELAY_* at all.`,
  reference: 'https://mailpit.axllent.org/docs/configuration/smtp-relay/',
  *check(tree) {
    for (const mailpit of mailpitsOf(tree)) {
      const { pod, container, environment } = mailpit;
      if (containerOf(pod, 'outbox') !== undefined) {
        for (const [name, field] of environment) {
          if (name.startsWith('MP_SMTP_RELAY_') || name.startsWith('MP_SMTP_FORWARD_')) {
            yield { at: field, message: `${name}: outbox delivers, and Mailpit would deliver again` };
          }
        }
      } else if (relays(mailpit)) {
        for (const { name, holds, message } of REQUIREMENTS) {
          if (!holds(mailpit))
            yield { at: environment.get(name) ?? container.at('env'), message: `${name}: ${message}` };
        }
      }
    }
  },
};
