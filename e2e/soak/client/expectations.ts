/** What the relay may answer to whom, reply by reply; and how long it may take. */
import { defaultWaits } from '../../../relay-src/mx-validator/relay.ts';
import { marker } from '../upstream/faults.ts';
import { lastLine, type Reply } from './reply.ts';
import type { RecipientKind } from '../dns.ts';
import type { Verdict } from './message.ts';

/** Trouble of the relay or its next hop: the client is to try again. */
const unavailable = ['451 4.3.0', '452 4.3.1'];

/** Replies to RCPT by what the recipient's domain is; `451 4.4.3` is DNS trouble. */
const toRecipient: Readonly<Record<RecipientKind, readonly string[]>> = {
  good: ['250 2.1.5', '451 4.4.3', ...unavailable],
  listed: ['250 2.1.5', '451 4.4.3', ...unavailable],
  gone: ['550 5.1.2', '451 4.4.3'],
  'null MX': ['556 5.1.10', '451 4.4.3'],
  trouble: ['451 4.4.3'],
};

/** The replies that may come; a refusal of the next hop's may come as well where it is asked. */
export interface Expectation {
  readonly replies: readonly string[];
  readonly foreign: boolean;
}

export const expected = {
  greeting: { replies: ['220'], foreign: false },
  hello: { replies: ['250'], foreign: false },
  mail: { replies: ['250 2.1.0', ...unavailable], foreign: false },
  tooLarge: { replies: ['552 5.3.4'], foreign: false },
  outOfOrder: { replies: ['503 5.5.1'], foreign: false },
  rcpt: (kind: RecipientKind): Expectation => ({
    replies: toRecipient[kind],
    foreign: kind === 'good' || kind === 'listed',
  }),
  overTheLimit: { replies: ['452 4.5.3'], foreign: false },
  data: { replies: ['354', ...unavailable], foreign: true },
  verdict: (verdict: Verdict): Expectation =>
    verdict === 'deliver'
      ? { replies: ['250 2.0.0', '451 4.3.0'], foreign: true }
      : { replies: [verdict], foreign: false },
  ok: { replies: ['250 2.0.0'], foreign: false },
  bye: { replies: ['221 2.0.0'], foreign: false },
} as const;

/** Some line is the next hop's own. */
export function isForeign({ lines }: Reply): boolean {
  return lines.some((line) => line.includes(marker));
}

/** Undefined if this reply may come there, else what is wrong. */
export function misfit(reply: Reply, { replies, foreign }: Expectation): string | undefined {
  const said = `${reply.code} ${reply.enhanced}`.trimEnd();
  // 421 of the next hop is about its own connection and must not get through.
  if (foreign && isForeign(reply) && reply.code >= 400 && reply.code !== 421) return undefined;
  if (replies.includes(said) && (reply.code < 400 || !isForeign(reply))) return undefined;
  return `${JSON.stringify(lastLine(reply))} instead of ${replies.join(' or ')}`;
}

/** For a machine that has other things to do, in milliseconds. */
const slack = 10_000;
/** As the checker has it: a lookup with all its tries. */
const dns = 8000;
const { connect, reply, room, final } = defaultWaits;
const open = room + connect + 2 * reply;

/** The longest that the relay may keep a client waiting, in milliseconds: its own time-outs, added up. */
export const patience = {
  /** Nobody else is asked. */
  own: slack,
  mail: open + slack,
  /** RSET, MAIL and RCPT on a kept connection, and once more on a new one. */
  rcpt: dns + 3 * reply + open + 2 * reply + slack,
  data: room + reply + slack,
  verdict: final + slack,
} as const;
