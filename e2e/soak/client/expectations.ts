/** What the relay may answer to whom, reply by reply; and how long it may take. */
import { defaultWaits } from '../../../relay-src/mx-validator/relay.ts';
import { marker } from '../upstream/faults.ts';
import type { RecipientKind } from '../dns.ts';
import type { Verdict } from './message.ts';

export interface Reply {
  readonly code: number;
  /** `2.1.0`, or ''. */
  readonly enhanced: string;
  readonly lines: readonly string[];
  /** Some line is of the next hop. */
  readonly foreign: boolean;
}

/** A reply's first line as it is written in complaints. */
export const shown = (reply: Reply): string => reply.lines.at(-1) ?? '';

/** Where enhanced status codes stand is fixed by RFC 2034 3 and 4. */
export type Context = 'greeting' | 'hello' | 'command' | 'data';

/** Reads a reply; a string says what is wrong with its form. */
export function readReply(lines: readonly string[], context: Context): Reply | string {
  const code = Number(lines[0]?.slice(0, 3));
  const formed = lines.every(
    (line, index) =>
      /^[2-5]\d\d[- ][\x20-\x7e]*$/.test(line) &&
      line.length <= 510 &&
      Number(line.slice(0, 3)) === code &&
      (line[3] === ' ') === (index === lines.length - 1),
  );
  if (!formed) return `malformed reply ${JSON.stringify(lines)}`;
  const codes = lines.map((line) => /^\d{3}[- ]([245]\.\d{1,3}\.\d{1,3}) /.exec(line)?.[1] ?? '');
  const [enhanced = ''] = codes;
  const wanted = context === 'command' || code >= 400;
  if (codes.some((one) => one !== enhanced)) return `enhanced codes differ in ${JSON.stringify(lines)}`;
  if (wanted ? enhanced[0] !== String(code)[0] : enhanced !== '') {
    return `wrong enhanced code in ${JSON.stringify(lines)}`;
  }
  return { code, enhanced, lines, foreign: lines.some((line) => line.includes(marker)) };
}

/** Trouble of the relay or its next hop: the client is to try again. */
const unavailable = ['451 4.3.0', '452 4.3.1'];

/** After ten protocol errors, as which the rest of a pipelined group counts whose MAIL was refused. */
export const tooManyErrors = '421 4.7.0';

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
  outOfOrder: { replies: ['503 5.5.1', tooManyErrors], foreign: false },
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

/** Undefined if this reply may come there, else what is wrong. */
export function misfit(reply: Reply, { replies, foreign }: Expectation): string | undefined {
  const said = `${reply.code} ${reply.enhanced}`.trimEnd();
  // 421 of the next hop is about its own connection and must not get through.
  if (foreign && reply.foreign && reply.code >= 400 && reply.code !== 421) return undefined;
  if (replies.includes(said) && (reply.code < 400 || !reply.foreign)) return undefined;
  return `${JSON.stringify(shown(reply))} instead of ${replies.join(' or ')}`;
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
