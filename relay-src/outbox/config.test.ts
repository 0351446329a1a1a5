import { expect, it } from '@jest/globals';
import { ConfigError, parseConfig } from './config.ts';

const smarthost = 'transport: { kind: smarthost, host: mail.example.com }';

it('needs nothing but a transport', () => {
  expect(parseConfig(smarthost, 'outbox.yaml')).toMatchObject({
    listen: { host: '127.0.0.1', port: 2525 },
    metrics: { host: undefined, port: 9092 },
    spool: '/var/spool/outbox',
    maxSize: 26_279_936,
    retry: { first: 30_000, longest: 1_800_000, unknown: 120_000, maxAge: 172_800_000 },
    transport: { kind: 'smarthost', tls: 'starttls' },
  });
});

it('reads sizes and times as a person writes them', () => {
  const config = parseConfig(`${smarthost}\nmaxSize: 512Ki\nretry: { first: 5s, maxAge: 7d }`, 'outbox.yaml');
  expect(config.maxSize).toBe(524_288);
  expect(config.retry).toMatchObject({ first: 5000, maxAge: 604_800_000 });
});

it.each([
  ['{', 'f.yaml: Flow map must end with a } at line 1, column 2:'],
  ['- 1', 'f.yaml: got [1]; expected an object, { … }'],
  ['', 'f.yaml: transport: missing; expected an object, { … } (what carries the mail on)'],
  ['transport: { kind: direct }', 'f.yaml: transport.kind: got "direct"; expected "graph" or "smarthost"'],
  [`${smarthost}\nlisten: 25`, 'f.yaml: listen: got 25; expected an address to listen on, such as ":9092"'],
  [
    `${smarthost}\nmaxSize: 25m`,
    'f.yaml: maxSize: got "25m"; expected a size: a number of octets, "512Ki", "25Mi" or "2Gi"',
  ],
  [`${smarthost}\nretry: { unknown: 30s }`, 'f.yaml: retry.unknown: got "30s"; expected 60s to 1d'],
  [
    `${smarthost}\nretry: { maxage: 1d }`,
    'f.yaml: retry.maxage: unknown setting; known here: first, longest, unknown, maxAge',
  ],
  [
    `${smarthost}\nallowedFrom: [a@]`,
    'f.yaml: allowedFrom: got ["a@"]; expected addresses and domains, such as app@example.com or example.org; a@ is not a mail address',
  ],
])('a mistake: %j', (text, problem) => {
  expect(() => parseConfig(text, 'f.yaml')).toThrow(new ConfigError(problem));
});

it('does not show a secret, even one that is malformed', () => {
  const text = 'transport: { kind: smarthost, host: mail.example.com, user: u, password: 123456 }';
  expect(() => parseConfig(text, 'f.yaml')).toThrow(
    'transport.password: got a value that is not shown; expected the value itself or { file: PATH }',
  );
});
