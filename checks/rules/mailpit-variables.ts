import { mailpitsOf } from '../relay.ts';
import type { Rule } from '../rule.ts';

/** What Mailpit v1.30.5 reads (cmd/root.go and config/), without the prefix and without names that it calls old. */
const KNOWN: ReadonlySet<string> = new Set(
  `
  ALLOW_INTERNAL_HTTP_REQUESTS ALLOW_UNTRUSTED_TLS API_CORS BLOCK_REMOTE_CSS_AND_FONTS CHAOS_TRIGGERS
  COMPRESSION DATABASE DEMO_MODE DISABLE_AUTO_VACUUM DISABLE_HTTP_COMPRESSION
  DISABLE_LINK_CHECK_RATE_LIMIT DISABLE_VERSION_CHECK DISABLE_WAL ENABLE_CHAOS ENABLE_PROMETHEUS
  ENABLE_SPAMASSASSIN HIDE_DELETE_ALL_BUTTON IGNORE_DUPLICATE_IDS LABEL LOG_FILE MAX_AGE MAX_MESSAGES
  MAX_MESSAGE_SIZE POP3_AUTH POP3_AUTH_FILE POP3_BIND_ADDR POP3_TLS_CERT POP3_TLS_KEY QUIET SEND_API_AUTH
  SEND_API_AUTH_ACCEPT_ANY SEND_API_AUTH_FILE SMTP_ALLOWED_RECIPIENTS SMTP_AUTH SMTP_AUTH_ACCEPT_ANY
  SMTP_AUTH_ALLOW_INSECURE SMTP_AUTH_FILE SMTP_BIND_ADDR SMTP_DISABLE_RDNS SMTP_FORWARD_ALLOW_INSECURE
  SMTP_FORWARD_AUTH SMTP_FORWARD_CONFIG SMTP_FORWARD_FWD_SMTP_ERRORS SMTP_FORWARD_HOST
  SMTP_FORWARD_OVERRIDE_FROM SMTP_FORWARD_PASSWORD SMTP_FORWARD_PORT SMTP_FORWARD_RETURN_PATH
  SMTP_FORWARD_SECRET SMTP_FORWARD_STARTTLS SMTP_FORWARD_TLS SMTP_FORWARD_TO SMTP_FORWARD_USERNAME
  SMTP_IGNORE_REJECTED_RECIPIENTS SMTP_MAX_RECIPIENTS SMTP_RELAY_ALL SMTP_RELAY_ALLOWED_RECIPIENTS
  SMTP_RELAY_ALLOW_INSECURE SMTP_RELAY_AUTH SMTP_RELAY_BLOCKED_RECIPIENTS SMTP_RELAY_CONFIG
  SMTP_RELAY_FWD_SMTP_ERRORS SMTP_RELAY_HOST SMTP_RELAY_MATCHING SMTP_RELAY_OVERRIDE_FROM
  SMTP_RELAY_PASSWORD SMTP_RELAY_PORT SMTP_RELAY_PRESERVE_MESSAGE_IDS SMTP_RELAY_RETURN_PATH
  SMTP_RELAY_SECRET SMTP_RELAY_STARTTLS SMTP_RELAY_TLS SMTP_RELAY_USERNAME SMTP_REQUIRE_STARTTLS
  SMTP_REQUIRE_TLS SMTP_STRICT_RFC_HEADERS SMTP_TLS_CERT SMTP_TLS_KEY TAG TAGS_CONFIG TAGS_DISABLE
  TAGS_TITLE_CASE TAGS_USERNAME TENANT_ID UI_AUTH UI_AUTH_FILE UI_BIND_ADDR UI_TLS_CERT UI_TLS_KEY
  USE_MESSAGE_DATES VERBOSE WEBHOOK_DELAY WEBHOOK_LIMIT WEBHOOK_URL WEBROOT
`
    .trim()
    .split(/\s+/),
);

const PREFIX = 'MP_';

/** Those that are on or off. */
const SWITCH =
  /^MP_(?:(?:SMTP_)?DISABLE_|SMTP_RELAY_(?:ALL|FWD_SMTP_ERRORS|STARTTLS|TLS)$|ENABLE_(?:CHAOS|SPAMASSASSIN)$|QUIET$|VERBOSE$|.*_ACCEPT_ANY$)/;

/** Without these Mailpit asks the internet for news and names, and keeps what it likes. */
const WANTED = ['MP_DISABLE_VERSION_CHECK', 'MP_SMTP_DISABLE_RDNS', 'MP_MAX_MESSAGES', 'MP_MAX_AGE'];

export const mailpitVariables: Rule = {
  id: 'mailpit-variables',
  reason:
    'Mailpit does not read a mistyped variable, and says nothing: the door that it should close stays open.',
  remedy: `Use the names of Mailpit's runtime options, and set ${WANTED.join(', ')}.`,
  reference: 'https://mailpit.axllent.org/docs/configuration/runtime-options/',
  *check(tree) {
    for (const { container, environment } of mailpitsOf(tree)) {
      for (const entry of container.at('env').items()) {
        const name = entry.at('name').text;
        if (name === undefined || name === 'TMPDIR' || name === 'TZ') continue;
        const isKnown = name.startsWith(PREFIX) && KNOWN.has(name.slice(PREFIX.length));
        if (!isKnown) yield { at: entry.at('name'), message: `Mailpit does not read ${name}` };
        const value = entry.at('value');
        if (name === 'MP_MAX_AGE' && !/^\d+[hd]$/.test(value.text ?? '')) {
          yield { at: value, message: `${value.text ?? 'it'} is no age: 30d, or 12h` };
        }
        if (SWITCH.test(name) && !/^(?:true|false|yes|no|1|0)$/i.test(value.text ?? '')) {
          yield { at: value, message: `${name} is on or off, not ${value.text ?? 'nothing'}` };
        }
      }
      for (const name of WANTED) {
        if (!environment.has(name)) yield { at: container.at('env'), message: `${name} is not set` };
      }
    }
  },
};
