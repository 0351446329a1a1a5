import { describe, expect, it } from '@jest/globals';
import { Lane, type MailboxSign, type Started } from './lane.ts';
import { graphLimits } from './limits.ts';
import { retry } from './testing.ts';

const works: MailboxSign = { kind: 'works' };
const nothing: MailboxSign = { kind: 'nothing' };
const trouble = (notBefore?: number): MailboxSign => ({ kind: 'trouble', notBefore });
const now = 1_000_000;

/** A lane with these messages, all due. */
function laneOf(...ids: string[]): Lane {
  const lane = new Lane('app@example.com', graphLimits, retry);
  for (const [accepted, id] of ids.entries()) lane.add({ id, at: 0, accepted, recipients: 1, octets: 1000 });
  return lane;
}

/** All that may begin at this moment. */
function startAll(lane: Lane, at: number): Started[] {
  const started: Started[] = [];
  for (let one = lane.start(at); one !== undefined; one = lane.start(at)) started.push(one);
  return started;
}
const ids = (started: readonly Started[]): string[] => started.map(({ message }) => message.id);

/** A lane in which the first message has found the mailbox in trouble. */
function inTrouble(...others: string[]): Lane {
  const lane = laneOf('first', ...others);
  const [one, ...rest] = startAll(lane, now);
  if (one === undefined) throw new Error('nothing began');
  lane.end(one, trouble(), now);
  for (const other of rest) lane.end(other, nothing, now);
  for (const { message } of [one, ...rest]) lane.add({ ...message, at: now + 30_000 });
  return lane;
}

it('sends the earliest first, four at a time', () => {
  const lane = laneOf('a', 'b', 'c', 'd', 'e');
  lane.add({ id: 'later', at: now + 5, accepted: 0, recipients: 1, octets: 1 });
  const started = startAll(lane, now);
  expect(ids(started)).toEqual(['a', 'b', 'c', 'd']);
  for (const one of started) lane.end(one, works, now);
  expect(ids(startAll(lane, now))).toEqual(['e']);
  expect(lane.wakeAt(now)).toBe(now + 5);
});

it('a message that was moved, or left, is not sent at its old time', () => {
  const lane = laneOf('a', 'b');
  lane.add({ id: 'a', at: now + 10, accepted: 0, recipients: 1, octets: 1 });
  lane.remove('b');
  expect(startAll(lane, now)).toEqual([]);
  expect(ids(startAll(lane, now + 10))).toEqual(['a']);
});

describe('a mailbox in trouble', () => {
  it('waits, then one message probes, and its success lets all go', () => {
    const lane = inTrouble('b', 'c');
    expect(lane.wakeAt(now)).toBe(now + 30_000);
    const [probe, ...more] = startAll(lane, now + 30_000);
    expect(more).toEqual([]);
    expect(lane.inTrouble).toBe(true);
    if (probe !== undefined) lane.end(probe, works, now + 31_000);
    expect(lane.inTrouble).toBe(false);
    expect(startAll(lane, now + 31_000)).toHaveLength(2);
  });

  it('waits longer after each probe that fails, each with another message', () => {
    const lane = inTrouble('b', 'c');
    let at = now + 30_000;
    const probed: string[] = [];
    const waits: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      const probe = lane.start(at);
      if (probe === undefined) throw new Error('no probe');
      probed.push(probe.message.id);
      const until = lane.end(probe, trouble(), at) ?? 0;
      lane.add({ ...probe.message, at: until });
      waits.push(until - at);
      at = until;
    }
    expect(waits).toEqual([60_000, 120_000, 240_000, 480_000]);
    expect(new Set(probed).size).toBeGreaterThan(1);
    expect(probed.every((id, index) => id !== probed[index - 1])).toBe(true);
  });

  it('waits until the time that the next hop named', () => {
    const lane = laneOf('a', 'b');
    const [one] = startAll(lane, now);
    if (one !== undefined) expect(lane.end(one, trouble(now + 7000), now)).toBe(now + 7000);
  });

  it('hears the same trouble from attempts that were under way, and counts it once', () => {
    const lane = laneOf('a', 'b', 'c', 'd');
    const until = startAll(lane, now).map((one) => lane.end(one, trouble(), now));
    expect(until).toEqual([now + 30_000, now + 30_000, now + 30_000, now + 30_000]);
  });

  it('is not believed to work because of an attempt that began before', () => {
    const lane = laneOf('a', 'b');
    const [a, b] = startAll(lane, now);
    if (a !== undefined) lane.end(a, trouble(), now);
    if (b !== undefined) lane.end(b, works, now);
    expect(lane.wakeAt(now)).toBe(Infinity);
    lane.add({ id: 'c', at: 0, accepted: 0, recipients: 1, octets: 1 });
    expect(lane.wakeAt(now)).toBe(now + 30_000);
  });

  it('a probe that proves nothing leaves the next one to another message', () => {
    const lane = inTrouble('b');
    const probe = lane.start(now + 30_000);
    if (probe !== undefined) lane.end(probe, nothing, now + 30_000);
    expect(lane.inTrouble).toBe(true);
    expect(lane.wakeAt(now + 30_000)).toBe(now + 60_000);
  });

  it('somebody who knows better may ask at once', () => {
    const lane = inTrouble();
    lane.add({ id: 'first', at: 0, accepted: 0, recipients: 1, octets: 1 });
    lane.probeNow(now + 1);
    expect(ids(startAll(lane, now + 1))).toEqual(['first']);
  });
});

it('a message that is wrongly blamed on the mailbox does not hold up the others a second time', () => {
  const lane = inTrouble();
  lane.add({ id: 'good', at: now, accepted: 1, recipients: 1, octets: 1 });
  const [probe] = startAll(lane, now + 30_000);
  if (probe === undefined) throw new Error('no probe');
  expect(probe.message.id).toBe('good');
  lane.end(probe, works, now + 30_000);
  const [again] = startAll(lane, now + 30_000);
  if (again === undefined) throw new Error('it was not tried again');
  expect(lane.end(again, trouble(), now + 31_000)).toBeUndefined();
  expect(lane.inTrouble).toBe(false);
});
