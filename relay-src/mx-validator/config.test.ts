import { describe, expect, it } from '@jest/globals';
import { readConfig, ConfigError } from './config.ts';

const read = (env: Record<string, string>): ReturnType<typeof readConfig> =>
  readConfig({ HOSTNAME: 'relay.example', ...env });

it('needs nothing: the defaults are those of the design', () => {
  expect(read({})).toMatchObject({
    listeners: [{ host: undefined, port: 25, senders: undefined }],
    upstream: { host: '127.0.0.1', port: 1025 },
    metrics: { host: undefined, port: 9090 },
    maxMessageBytes: 26_214_400,
    bareNewline: 'normalize',
    mixedRecipients: 'keep',
  });
});

it('several listeners, each with a sender list of its own or the common one', () => {
  const { listeners } = read({
    LISTEN_ADDR: ':10025, 127.0.0.1:10026,[::1]:10027',
    ALLOWED_SENDERS: 'App@Example.com example.org',
    ALLOWED_SENDERS_10026: 'billing@example.com',
  });
  const senders = listeners.map((one) => [
    one.port,
    [...(one.senders?.addresses ?? [])],
    [...(one.senders?.domains ?? [])],
  ]);
  expect(senders).toEqual([
    [10025, ['app@example.com'], ['example.org']],
    [10026, ['billing@example.com'], []],
    [10027, ['app@example.com'], ['example.org']],
  ]);
});

it('lists are addresses in A-labels, lower case', () => {
  expect([...read({ STRIP_ICS_RECIPIENTS: 'Org@Bücher.example,' }).stripIcsRecipients]).toEqual([
    'org@xn--bcher-kva.example',
  ]);
  expect(read({ DNS_SERVERS: '10.0.0.10:53,[fd00::10]:5353' }).dnsServers).toHaveLength(2);
});

describe('a wrong value is named with what would be right', () => {
  it.each([
    [
      { LISTEN_ADDR: '25' },
      'LISTEN_ADDR="25": expected an address to listen on: `:25`, `127.0.0.1:2525` or `[::1]:2525`',
    ],
    [{ LISTEN_ADDR: 'localhost:25' }, /^LISTEN_ADDR="localhost:25": expected an address/],
    [{ UPSTREAM_HOST: 'not a host' }, 'UPSTREAM_HOST="not a host": expected a host name or an IP address'],
    [{ UPSTREAM_PORT: '65536' }, 'UPSTREAM_PORT="65536": expected a whole number from 1 to 65535'],
    [{ METRICS_ADDR: 'x' }, /^METRICS_ADDR="x": expected an address/],
    [{ HOSTNAME: 'a b' }, /^HOSTNAME="a b": expected the host name of this relay/],
    [
      { STRIP_ICS_RECIPIENTS: 'someone' },
      'STRIP_ICS_RECIPIENTS="someone": expected mail addresses, separated by commas',
    ],
    [{ DNS_SERVERS: 'dns.example' }, /^DNS_SERVERS="dns.example": expected IP addresses/],
    [{ MAX_MESSAGE_BYTES: '1e6' }, /^MAX_MESSAGE_BYTES="1e6": expected a whole number/],
    [{ MAX_RECIPIENTS: '99' }, 'MAX_RECIPIENTS="99": expected a whole number from 100 to 10000'],
    [{ ALLOWED_SENDERS: '' }, /^ALLOWED_SENDERS="": expected addresses and domains, .*; the list is empty/],
    [{ ALLOWED_SENDERS: 'a@b@c' }, /^ALLOWED_SENDERS="a@b@c": .*; a@b@c is not a mail address$/],
    [
      { ALLOWED_SENDERS_26: 'a@b.example' },
      'ALLOWED_SENDERS_26="a@b.example": expected a port that LISTEN_ADDR names',
    ],
    [{ BARE_NEWLINE: 'accept' }, 'BARE_NEWLINE="accept": expected one of normalize, reject'],
    [{ MIXED_RECIPIENTS: 'split' }, 'MIXED_RECIPIENTS="split": expected one of keep, strip-all'],
    [
      { REFUSED_DOMAINS: 'gmial.com' },
      'REFUSED_DOMAINS="gmial.com": expected a refused domain and the one that was meant: `gmial.com=gmail.com`',
    ],
    [{ CHECK_SENDER_DOMAIN: 'yes' }, 'CHECK_SENDER_DOMAIN="yes": expected one of off, on'],
    [{ POSTMASTER: 'postmaster' }, /^POSTMASTER="postmaster": expected a mail address/],
    [{ TLS_CERT_FILE: '/tls.crt' }, 'TLS_KEY_FILE="": expected both files, or neither'],
    [{ PROXY_FROM: '10.0.0.0/33' }, /^PROXY_FROM="10.0.0.0\/33": expected addresses or networks/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL="loud": expected one of debug, info/],
    [{ LOG_FORMAT: 'xml' }, 'LOG_FORMAT="xml": expected one of json, text'],
    [{ UPSTREAM_HOTS: 'x' }, /^UPSTREAM_HOTS is not a variable of this program; is it one of LISTEN_ADDR, /],
  ])('%j', (env, message) => {
    expect(() => read(env)).toThrow(ConfigError);
    expect(() => read(env)).toThrow(message);
  });
});
