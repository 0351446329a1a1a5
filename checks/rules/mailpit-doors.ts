import { mountOf } from '../pod.ts';
import { isOn, mailpitsOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** Settings that open a door when they are on, and what is behind it. */
const SWITCHES: Readonly<Record<string, string>> = {
  MP_SMTP_AUTH_ACCEPT_ANY: 'any SMTP password is accepted',
  MP_SMTP_AUTH_ALLOW_INSECURE: 'SMTP passwords cross in clear',
  MP_UI_AUTH_ACCEPT_ANY: 'any UI password is accepted',
  MP_ENABLE_CHAOS: 'whoever reaches the API can make Mailpit refuse mail',
};

/** Arguments for the same. */
const ARGUMENTS =
  /^--(smtp-auth-accept-any|smtp-auth-allow-insecure|enable-chaos|chaos-triggers|pop3-[a-z-]+)/;

export const mailpitDoors: Rule = {
  id: 'mailpit-doors',
  reason: 'Mailpit holds every mail: whoever gets in reads, deletes and sends it.',
  remedy:
    'Set MP_UI_AUTH_FILE and MP_SEND_API_AUTH_FILE, bind SMTP to 127.0.0.1 (MP_SMTP_BIND_ADDR), and leave out open auth, chaos and POP3.',
  reference: 'https://mailpit.axllent.org/docs/configuration/runtime-options/',
  *check(tree) {
    for (const { container, environment } of mailpitsOf(tree)) {
      for (const [name, value] of environment) {
        const harm = SWITCHES[name];
        if (harm !== undefined && isOn(value)) yield { at: value, message: `${name}: ${harm}` };
        if (name.startsWith('MP_POP3_'))
          yield { at: value, message: `${name}: POP3 is a second way to read all mail` };
        if (name.endsWith('_AUTH_FILE') && mountOf(container, value.text ?? '') === undefined) {
          yield { at: value, message: `${name}: ${value.text ?? 'it'} is on no volume` };
        }
        if (name.startsWith('MP_CHAOS_')) yield { at: value, message: `${name}: failures on purpose` };
      }
      for (const argument of [...container.at('args').items(), ...container.at('command').items()]) {
        if (ARGUMENTS.test(argument.text ?? ''))
          yield { at: argument, message: `${argument.text} opens a door` };
      }
      if (!environment.has('MP_UI_AUTH_FILE')) {
        yield {
          at: container.at('env'),
          message: 'MP_UI_AUTH_FILE is not set: the UI and its API ask for no password',
        };
      }
      if (!environment.has('MP_SEND_API_AUTH_FILE') && tree.complete) {
        yield {
          at: container.at('env'),
          message: 'MP_SEND_API_AUTH_FILE is not set: whoever reads the UI also puts mail into it',
        };
      }
      const address = environment.get('MP_SMTP_BIND_ADDR');
      if (!/^127\.0\.0\.1:\d+$/.test(address?.text ?? '')) {
        yield {
          at: address ?? container.at('env'),
          message: `MP_SMTP_BIND_ADDR is ${address?.text ?? 'not set'}, so mail can come in past mx-validator`,
        };
      }
    }
  },
};
