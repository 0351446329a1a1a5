/** What each key of smtp2graph's `config.yml` becomes here. It knew no environment variables, so this file is all. */
import { parse } from 'yaml';

/** One key that was found, in words; `warns` if somebody must act. */
export interface Translation {
  readonly key: string;
  readonly text: string;
  readonly warns: boolean;
}

interface Rule {
  /** What to write here instead, or why nothing. */
  readonly becomes: string | ((value: unknown) => string);
  readonly warns?: true;
  /** The value is not shown. */
  readonly secret?: true;
}

const nothing = (why: string): Rule => ({ becomes: `nothing: ${why}` });
const upstream = nothing('outbox listens on loopback; who may connect, and how, is a matter of mx-validator');

/** Keys by their path, as smtp2graph v1.1.4 reads them; and two that later versions have. */
export const rules: Readonly<Record<string, Rule>> = {
  mode: {
    becomes: (value) =>
      value === 'full'
        ? 'nothing: outbox always receives and sends'
        : 'nothing: outbox receives and sends, always',
  },
  'send.appReg.tenant': {
    becomes: (value) => {
      const name = String(value);
      return `transport.tenant: ${/^[\da-f-]{36}$/i.test(name) || name.includes('.') ? name : `${name}.onmicrosoft.com`}`;
    },
  },
  'send.appReg.id': { becomes: (value) => `transport.clientId: ${String(value)}` },
  'send.appReg.secret': {
    becomes: 'transport.clientSecret: { file: … }, in a Secret and not in this file',
    secret: true,
  },
  'send.appReg.certificate.thumbprint': nothing('it is computed from the certificate'),
  'send.appReg.certificate.privateKeyPath': {
    becomes: 'transport.certificate, with the certificate and this key',
    warns: true,
  },
  'send.retryLimit': {
    becomes:
      'retry.maxAge: an age instead of a number of attempts, which restarts reset; two days by default',
  },
  'send.retryInterval': {
    becomes: 'retry.first and retry.longest: the wait doubles, and follows Retry-After',
  },
  'send.forceMailbox': { becomes: (value) => `transport.forceMailbox: ${String(value)}` },
  'send.loginUrl': { becomes: (value) => `transport.loginUrl: ${String(value)}` },
  'send.graphUrl': { becomes: (value) => `transport.graphUrl: ${String(value)}` },
  'receive.port': { becomes: 'listen: 127.0.0.1:2525; applications connect to mx-validator' },
  'receive.listenAddress': { becomes: 'listen: loopback; applications connect to mx-validator' },
  'receive.secure': upstream,
  'receive.tlsKeyPath': { becomes: 'TLS_KEY_FILE of mx-validator' },
  'receive.tlsCertPath': { becomes: 'TLS_CERT_FILE of mx-validator' },
  'receive.maxSize': {
    becomes: (value) =>
      /^\d+[km]$/i.test(String(value))
        ? `maxSize: ${String(value).toUpperCase()}i; what Graph takes is less (transport.mimeLimit)`
        : 'maxSize: smtp2graph took this value for 100 MB; say what was meant',
  },
  'receive.ipWhitelist': {
    becomes: 'a NetworkPolicy: the setting access.smtp of the environment',
    warns: true,
  },
  'receive.allowedFrom': {
    becomes: (value) =>
      `allowedFrom: ${JSON.stringify(value)}; here the header's From is asked too, not the envelope alone`,
    warns: true,
  },
  'receive.requireAuth': {
    becomes: 'nothing: there is no login; a NetworkPolicy and lists of senders say who may send',
    warns: true,
  },
  'receive.allowInsecureAuth': nothing('there is no login'),
  'receive.users': {
    becomes:
      'nothing: there is no login. What each user might send as belongs into allowedFrom, or into the lists of mx-validator',
    warns: true,
    secret: true,
  },
  'receive.rateLimit.duration': upstream,
  'receive.rateLimit.limit': upstream,
  'receive.authLimit.duration': nothing('there is no login'),
  'receive.authLimit.limit': nothing('there is no login'),
  'receive.banner': nothing('nobody but mx-validator sees it'),
  'httpProxy.host': { becomes: 'transport.proxy: http://HOST:PORT' },
  'httpProxy.port': { becomes: 'transport.proxy: http://HOST:PORT' },
  'httpProxy.protocol': {
    becomes: 'transport.proxy: CONNECT through it, so that the token no longer crosses the proxy in clear',
  },
  'httpProxy.username': { becomes: 'transport.proxy: http://USER:PASSWORD@HOST:PORT', warns: true },
  'httpProxy.password': {
    becomes: 'transport.proxy: http://USER:PASSWORD@HOST:PORT; smtp2graph sent the user name as the password',
    warns: true,
    secret: true,
  },
};

/** Every key of the file in its order. Throws if it is no YAML. */
export function translateSettings(text: string): Translation[] {
  return [...leaves(parse(text), '')].map(([key, value]) => {
    const rule = rules[key];
    if (rule === undefined) {
      return { key, text: 'unknown to smtp2graph as well: it ignores what it does not know', warns: true };
    }
    const becomes = typeof rule.becomes === 'string' ? rule.becomes : rule.becomes(value);
    return {
      key: rule.secret === true ? key : `${key}: ${JSON.stringify(value)}`,
      text: becomes,
      warns: rule.warns ?? false,
    };
  });
}

/** Paths of all values; lists are values. */
function* leaves(value: unknown, path: string): Generator<[string, unknown]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    if (path !== '') yield [path, value];
    return;
  }
  for (const [key, child] of Object.entries(value))
    yield* leaves(child, path === '' ? key : `${path}.${key}`);
}
