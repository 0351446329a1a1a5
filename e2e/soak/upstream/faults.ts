/** What can go wrong at the next hop, point by point, and how often. */
import type { Random } from '../../../relay-src/testing/random.ts';

/** Stands in every refusal of ours, so that the client's side knows it from the relay's own. */
export const marker = 'upstream said';

/** Where a dialogue can go wrong. `body` is inside the message, `dot` at its end. */
export type Point = 'connect' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'RSET' | 'body' | 'dot';

export type Fault =
  /** Another answer than the normal one; lines are separated by CRLF. At `dot`: the message is not taken. */
  | { readonly kind: 'say'; readonly reply: string }
  /** The connection ends; at `dot` before the message is taken, in `body` after so many octets. */
  | { readonly kind: 'close' | 'reset'; readonly after: number }
  /** The normal answer, but later. In `body`: nothing is read for so long. */
  | { readonly kind: 'wait'; readonly milliseconds: number; readonly after: number }
  /** No answer at all, and then the connection ends. */
  | { readonly kind: 'silence'; readonly milliseconds: number }
  /** In `body`: an answer before the message is complete, as a receiver gives whose limit is reached. */
  | { readonly kind: 'early'; readonly after: number }
  /** At `dot`: the message is taken, and the answer does not arrive, or arrives in part. */
  | { readonly kind: 'taken'; readonly lost: 'close' | 'reset' | 'half an answer' }
  /** The normal answer, and then the connection ends. */
  | { readonly kind: 'answer and close' };

/** What is not a reply to this: no SMTP at all, a success that nobody asked for, two codes in one. */
const nonsense = ['what?', '299 odd', '250-one code\r\n550 and another'] as const;

const refusals = [
  `450 4.2.0 ${marker}: try later`,
  `550 5.7.1 ${marker}: no`,
  `451 ${marker}: no enhanced code`,
  `554-5.7.1 ${marker}: no,\r\n554 5.7.1 and this is why`,
] as const;

/** As Mailpit hands on what its own relay said: one quoted string. */
const quoted = `550 "5.7.1 ${marker}: no\\nand this is why"`;

const farewell = `421 4.3.2 ${marker}: going down`;

/** How often a point goes wrong. */
const odds: Readonly<Record<Point, number>> = {
  connect: 0.03,
  EHLO: 0.02,
  MAIL: 0.03,
  RCPT: 0.02,
  DATA: 0.03,
  RSET: 0.03,
  body: 0.06,
  dot: 0.1,
};

/**
 * Draws what goes wrong at this point, if anything does. `longest` is how long a silence may be; `mailpit`: as
 * Mailpit does, no recipient is refused.
 */
export function drawFault(
  random: Random,
  point: Point,
  { longest, mailpit }: { longest: number; mailpit: boolean },
): Fault | undefined {
  if (!random.chance(odds[point])) return undefined;
  const after = random.spread(1, 1_000_000);
  const end = { kind: random.pick(['close', 'reset']), after } as const;
  if (point === 'body') {
    return random.weighted<Fault>([
      [4, end],
      [3, { kind: 'wait', milliseconds: random.spread(100, 4000), after }],
      [2, { kind: 'early', after }],
    ]);
  }
  const wait: Fault = { kind: 'wait', milliseconds: random.spread(20, 3000), after: 0 };
  const silence: Fault = { kind: 'silence', milliseconds: random.spread(1000, longest) };
  if (point === 'dot') {
    const lost = random.pick(['close', 'reset', 'half an answer']);
    return random.weighted<Fault>([
      [3, end],
      [3, { kind: 'taken', lost }],
      [3, { kind: 'say', reply: mailpit ? quoted : random.pick(refusals) }],
      [1, { kind: 'say', reply: farewell }],
      [1, { kind: 'say', reply: random.pick(nonsense) }],
      [2, { kind: 'answer and close' }],
      [2, wait],
      [1, silence],
    ]);
  }
  const refuses = point !== 'RSET' && !(mailpit && point === 'RCPT');
  return random.weighted<Fault>([
    [3, end],
    [refuses ? 4 : 0, { kind: 'say', reply: random.pick(refusals) }],
    [2, { kind: 'say', reply: farewell }],
    [2, { kind: 'say', reply: random.pick(nonsense) }],
    [2, wait],
    [1, silence],
    [1, { kind: 'answer and close' }],
  ]);
}
