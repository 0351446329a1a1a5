import { describe, expect, it } from '@jest/globals';
import { Ledger, type Entry } from './ledger.ts';
import type { Delivery } from './upstream/receiver.ts';

const good = {
  id: 'm',
  kind: 'plain',
  verdict: 'deliver',
  wire: Buffer.alloc(0),
  size: 0,
  whole: 'w',
  cut: 'c',
} as const;
const told = { kind: 'accepted', tx: 't', queueId: 'Q1' } as const;
const arrived: Delivery = {
  id: 'm',
  tx: 't',
  queueId: 'Q1',
  from: 'a@b.c',
  to: ['x@y.z'],
  sha256: 'w',
  octets: 1,
  bare: false,
  answerLost: undefined,
};

/** A ledger with one message that went well, but for what is given. */
function settle(entry: Partial<Entry>, deliveries: readonly Partial<Delivery>[] = [{}], message = {}) {
  const ledger = new Ledger();
  Object.assign(ledger.begin({ ...good, ...message }), {
    to: ['x@y.z'],
    complete: true,
    fate: told,
    ...entry,
  });
  for (const delivery of deliveries) ledger.deliver({ ...arrived, ...delivery });
  const { lost, foreign, unexplained, unacknowledged } = ledger.settle();
  return {
    wrong: [...lost, ...foreign, ...unexplained].join('\n'),
    causes: unacknowledged.map(({ cause }) => cause).join(),
  };
}

describe('a message that its client was told to be accepted', () => {
  it('is there once, the same', () => expect(settle({})).toEqual({ wrong: '', causes: '' }));

  it.each<[string, readonly Partial<Delivery>[]]>([
    ['is not there', []],
    ['is there 2 times', [{}, {}]],
    ['transaction id', [{ tx: 'other' }]],
    ['as Q2', [{ queueId: 'Q2' }]],
    ['was altered', [{ sha256: 'else' }]],
    ['against the rule', [{ sha256: 'c' }]],
    ['is for x@y.z,v@y.z', [{ to: ['x@y.z', 'v@y.z'] }]],
    ['bare CR or LF', [{ bare: true }]],
    ['nobody sent it', [{}, { id: 'smuggled' }]],
  ])('wrong: %s', (problem, deliveries) => expect(settle({}, deliveries).wrong).toContain(problem));

  it('wrong: it had to be refused', () =>
    expect(settle({}, [{}], { verdict: '554 5.6.0' }).wrong).toContain('should have been refused'));

  it('loses its calendar parts if all its recipients are listed', () => {
    const to = ['organizer1@ok1.example'];
    expect(settle({ to }, [{ to, sha256: 'c' }]).wrong).toBe('');
    expect(settle({ to }, [{ to, sha256: 'w' }]).wrong).toContain('against the rule');
  });
});

describe('a message that is there without a 250', () => {
  const refused = { fate: { kind: 'not accepted', reply: '451' } } as const;
  const gone = { fate: { kind: 'gone' } } as const;

  it.each<[string, Partial<Entry>, Partial<Delivery>]>([
    ['the client left after the dot', gone, {}],
    ['upstream died', refused, { answerLost: 'upstream died' }],
  ])('is listed: %s', (causes, entry, delivery) =>
    expect(settle(entry, [delivery])).toEqual({ wrong: '', causes }),
  );

  it.each<[string, Partial<Entry>, readonly Partial<Delivery>[]]>([
    ['should not be', refused, [{}]],
    ['is there 2 times', gone, [{}, {}]],
    ['never sent the end', { ...gone, complete: false }, [{}]],
  ])('wrong: %s', (problem, entry, deliveries) => expect(settle(entry, deliveries).wrong).toContain(problem));
});
