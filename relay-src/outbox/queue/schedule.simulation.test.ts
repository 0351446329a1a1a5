/**
 * Days of mail in a second: random mailboxes, some broken for a while, some messages that never go; the schedule and
 * the decisions as they are, time and next hop made up.
 */
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Message } from '../spool/message.ts';
import type { Verdict } from '../transport.ts';
import { Heap } from './heap.ts';
import type { Started } from './lane.ts';
import { graphLimits } from './limits.ts';
import { Schedule } from './schedule.ts';
import { message, retry } from './testing.ts';
import { decide, mailboxSign } from './verdict.ts';

/** What is wrong with a message: nothing, it is final, or the next hop blames its mailbox for it each time. */
type Kind = 'good' | 'final' | 'misleading';

interface Case {
  readonly mailbox: number;
  readonly arrives: number;
  readonly kind: Kind;
  readonly octets: number;
}

interface World {
  readonly messages: readonly Case[];
  /** For each mailbox: when it is broken, in milliseconds. */
  readonly broken: readonly (readonly [from: number, to: number])[];
  readonly seed: number;
}

const mailboxes = 5;
const hour = 3_600_000;
const capacity = { attempts: 8, octets: 50_000_000 };

const world: fc.Arbitrary<World> = fc.record({
  messages: fc.array(
    fc.record({
      mailbox: fc.nat(mailboxes - 1),
      arrives: fc.nat(10 * 60_000),
      kind: fc.constantFrom<Kind>('good', 'good', 'good', 'good', 'good', 'good', 'final', 'misleading'),
      octets: fc.constantFrom(1000, 1000, 2_000_000, 40_000_000),
    }),
    { maxLength: 150 },
  ),
  broken: fc.array(
    fc.tuple(fc.nat(hour), fc.nat(6 * hour)).map(([from, length]): [number, number] => [from, from + length]),
    { minLength: mailboxes, maxLength: mailboxes },
  ),
  seed: fc.nat(),
});

interface Fate {
  readonly case: Case;
  readonly ended: number;
  readonly how: 'sent' | 'failed';
}

/** Runs a world to its end. Throws where a promise is broken on the way. */
function simulate({ messages, broken, seed }: World): Fate[] {
  let random = seed;
  const draw = (): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const policy = { ...retry, random: draw };
  const schedule = new Schedule(graphLimits, policy, capacity);
  const records = new Map<string, Message>();
  const fates: Fate[] = [];
  const events = new Heap<{ readonly at: number; readonly run: () => void }>((a, b) => a.at < b.at);
  const begun = new Map<string, number[]>();
  const running = new Map<string, number>();
  let now = 0;
  let asked = Infinity;

  const enter = ({ id, mailbox, next, accepted, size }: Message): void =>
    schedule.add(mailbox, { id, at: next, accepted, recipients: 1, octets: size }, now);

  const verdictOn = (one: Case): Verdict => {
    const [from, to] = broken[one.mailbox] ?? [0, 0];
    if (now >= from && now < to) {
      const notBefore = draw() < 0.2 ? now + 90_000 : undefined;
      const trouble = {
        scope: 'mailbox',
        answer: '403',
        ...(notBefore === undefined ? {} : { notBefore }),
      } as const;
      return draw() < 0.3 ? { result: 'unknown', ...trouble } : { result: 'deferred', ...trouble };
    }
    if (one.kind === 'final') return { result: 'failed', answer: '413', status: '5.3.4' };
    if (one.kind === 'misleading')
      return { result: 'deferred', scope: 'mailbox', answer: '400 of an unlisted code' };
    if (draw() < 0.1) return { result: 'deferred', scope: 'message', answer: 'connection lost' };
    return { result: 'sent', answer: '202' };
  };

  const end = (started: Started, one: Case): void => {
    const { id } = started.message;
    const record = records.get(id);
    if (record === undefined) throw new Error('an attempt of nothing');
    running.set(record.mailbox, (running.get(record.mailbox) ?? 0) - 1);
    const verdicts = new Map([['a@example.org', verdictOn(one)]]);
    const until = schedule.end(started, mailboxSign(verdicts), now);
    const { fate } = decide(record, verdicts, now, policy, until);
    if (fate.kind !== 'wait') {
      fates.push({ case: one, ended: now, how: fate.kind });
      return;
    }
    expect(fate.next).toBeGreaterThan(now);
    const changed = { ...record, next: fate.next, attemptCount: record.attemptCount + 1 };
    records.set(id, changed);
    enter(changed);
  };

  const begin = (started: Started): void => {
    const { id } = started.message;
    const record = records.get(id);
    const one = messages[Number(id)];
    if (record === undefined || one === undefined) throw new Error('an attempt of nothing');
    expect(now).toBeGreaterThanOrEqual(started.probe ? record.accepted : record.next);
    const inFlight = (running.get(record.mailbox) ?? 0) + 1;
    running.set(record.mailbox, inFlight);
    expect(inFlight).toBeLessThanOrEqual(started.probe ? 1 : 4);
    const times = begun.get(record.mailbox) ?? [];
    begun.set(record.mailbox, times);
    times.push(now);
    expect(now - (times.at(-31) ?? -Infinity)).toBeGreaterThanOrEqual(60_000);
    events.push({ at: now + 50 + draw() * 3000, run: () => end(started, one) });
  };

  for (const [index, one] of messages.entries()) {
    events.push({
      at: one.arrives,
      run: () => {
        const record = message({
          id: String(index),
          mailbox: `m${one.mailbox}`,
          accepted: now,
          next: now,
          size: one.octets,
        });
        records.set(record.id, record);
        enter(record);
      },
    });
  }

  for (;;) {
    const event = events.peek();
    const at = Math.min(event?.at ?? Infinity, asked);
    if (at === Infinity) return fates;
    now = Math.max(now, at);
    if (event !== undefined && event.at <= now) {
      events.pop();
      event.run();
    }
    for (let next = schedule.next(now); ; next = schedule.next(now)) {
      if (typeof next === 'number') {
        asked = next;
        break;
      }
      begin(next);
    }
    expect(schedule.running).toBeLessThanOrEqual(capacity.attempts);
  }
}

it('every message ends once, as it deserves, and none is held up by another', () => {
  fc.assert(
    fc.property(world, (given) => {
      const fates = simulate(given);
      expect(fates).toHaveLength(given.messages.length);
      for (const { case: one, ended, how } of fates) {
        expect(how).toBe(one.kind === 'good' ? 'sent' : 'failed');
        if (one.kind === 'misleading') continue;
        const [from, to] = given.broken[one.mailbox] ?? [0, 0];
        const [first, last] =
          from < ended && one.arrives < to ? [one.arrives, to] : [one.arrives, one.arrives];
        expect(ended - Math.max(first, last)).toBeLessThan(2 * hour);
      }
    }),
    { numRuns: 60 },
  );
});
