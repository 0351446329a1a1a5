/** The DNS of the soak: domains of every kind on a loopback server, which has its bad moments too. */
import type { Zone } from '../../relay-src/testing/dns-server.ts';
import type { Random } from '../../relay-src/testing/random.ts';

/** What a recipient's domain is; `listed` can receive mail, and its calendar parts are to be cut. */
export type RecipientKind = 'good' | 'listed' | 'gone' | 'null MX' | 'trouble';

export interface Recipient {
  readonly address: string;
  readonly kind: RecipientKind;
}

const okDomains = Array.from({ length: 30 }, (_, n) => `ok${n + 1}.example`);

/** STRIP_ICS_RECIPIENTS of the relay. */
export const listed: readonly string[] = ['organizer1@ok1.example', 'organizer2@ok2.example'];

/** Short lifetimes, so that lookups go on. Names that are not here do not exist. */
export const zone: Zone = {
  ...Object.fromEntries(okDomains.map((name, n) => [name, { MX: [[10, 'mx.example']], ttl: 2 + n }])),
  'mx.example': { A: ['192.0.2.25'] },
  'a.example': { A: ['192.0.2.26'], ttl: 3 },
  'six.example': { AAAA: ['2001:db8::26'], ttl: 3 },
  'null.example': { MX: [[0, '.']], ttl: 3 },
  'trouble.example': { fault: 'servfail' },
};

const goodDomains = ['a.example', 'six.example', ...okDomains];

/** An address, and what the relay will find its domain to be. */
export function drawRecipient(random: Random): Recipient {
  const user = `u${random.whole(1, 1_000_000)}`;
  const { kind, address } = random.weighted<{ kind: RecipientKind; address: () => string }>([
    [80, { kind: 'good', address: () => `${user}@${random.pick(goodDomains)}` }],
    [6, { kind: 'listed', address: () => random.pick(listed) }],
    [8, { kind: 'gone', address: () => `${user}@gone${random.whole(1, 100_000)}.example` }],
    [4, { kind: 'null MX', address: () => `${user}@null.example` }],
    [2, { kind: 'trouble', address: () => `${user}@trouble.example` }],
  ]);
  return { kind, address: address() };
}
