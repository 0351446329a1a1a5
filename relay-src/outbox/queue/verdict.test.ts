import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../spool/message.ts';
import type { Verdict } from '../transport.ts';
import { message, retry } from './testing.ts';
import { decide, mailboxSign, summarise } from './verdict.ts';

const now = 3_600_000;
const sent: Verdict = { result: 'sent', answer: '202 Accepted' };
const failed: Verdict = { result: 'failed', answer: '413 too large', status: '5.3.4' };
const deferred: Verdict = { result: 'deferred', scope: 'message', answer: '451 later' };
const unknown: Verdict = { result: 'unknown', scope: 'message', answer: '504 Gateway Timeout' };

/** The decision for one recipient with this verdict. */
const judge = (verdict: Verdict, changes = {}, mailboxUntil?: number) =>
  decide(message(changes), new Map([['a@example.org', verdict]]), now, retry, mailboxUntil);

describe('one recipient', () => {
  it('sent', () => expect(judge(sent).fate).toEqual({ kind: 'sent' }));

  it('failed for good, with its status', () => {
    const { fate, outcomes } = judge(failed);
    expect(fate).toEqual({ kind: 'failed' });
    expect(outcomes.get('a@example.org')).toEqual({ at: now, ...failed });
  });

  it.each([
    [0, 30_000],
    [1, 60_000],
    [2, 120_000],
    [9, 1_800_000],
  ])('deferred after %i attempts: waits %i ms', (attemptCount, wait) =>
    expect(judge(deferred, { attemptCount }).fate).toEqual({ kind: 'wait', next: now + wait }),
  );

  it('unknown: waits at least so long that lost answers are over', () =>
    expect(judge(unknown).fate).toEqual({ kind: 'wait', next: now + 120_000 }));

  it('Retry-After decides, for good and for bad, but not for years', () => {
    const at = (notBefore: number) => judge({ ...deferred, notBefore }, { attemptCount: 5 }).fate;
    expect(at(now + 7000)).toEqual({ kind: 'wait', next: now + 7000 });
    expect(at(now - 7000)).toEqual({ kind: 'wait', next: now + 960_000 });
    expect(at(now * 1000)).toEqual({ kind: 'wait', next: now + 86_400_000 });
    expect(judge({ ...unknown, notBefore: now + 7000 }).fate).toEqual({ kind: 'wait', next: now + 120_000 });
  });

  it('waits with its mailbox', () =>
    expect(judge({ ...deferred, scope: 'mailbox' }, { attemptCount: 9 }, now + 31_000).fate).toEqual({
      kind: 'wait',
      next: now + 31_000,
    }));

  it('too old: given up, with the last answer', () => {
    const { fate, outcomes } = judge(unknown, { since: now - retry.maxAge });
    expect(fate).toEqual({ kind: 'failed' });
    expect(outcomes.get('a@example.org')).toMatchObject({
      status: '5.4.7',
      answer: 'given up after 2.0 days; last answer: 504 Gateway Timeout',
    });
  });
});

describe('several recipients', () => {
  const recipients = ['a@example.org', 'b@example.org', 'c@example.org'];
  const all = (...verdicts: Verdict[]) =>
    new Map(verdicts.map((verdict, index) => [recipients[index] ?? '', verdict]));

  it('those without an outcome are tried again, and only those', () => {
    const verdicts = all(sent, failed, deferred);
    const { fate, outcomes } = decide(message({ recipients }), verdicts, now, retry, undefined);
    expect(fate.kind).toBe('wait');
    expect([...outcomes.keys()]).toEqual(['a@example.org', 'b@example.org']);
  });

  it('the last one served: failed if any has failed before', () => {
    const outcomes = new Map<string, Outcome>([
      ['a@example.org', { at: 1, ...sent }],
      ['b@example.org', { at: 1, ...failed }],
    ]);
    const verdicts = new Map([['c@example.org', sent]]);
    expect(decide(message({ recipients, outcomes }), verdicts, now, retry, undefined).fate.kind).toBe(
      'failed',
    );
  });

  it('one without a verdict is not known to be served', () => {
    const verdicts = all(sent, sent);
    expect(summarise(message({ recipients }), verdicts).result).toBe('unknown');
    expect(decide(message({ recipients }), verdicts, now, retry, undefined).fate.kind).toBe('wait');
  });

  it('in one word: the gravest', () =>
    expect(summarise(message({ recipients }), all(sent, unknown, deferred))).toEqual({
      result: 'unknown',
      answer: unknown.answer,
    }));

  it('the mailbox is in trouble if any says so, and works if any was judged for good', () => {
    const trouble: Verdict = { result: 'deferred', scope: 'mailbox', answer: '403', notBefore: 9 };
    expect(mailboxSign(all(sent, trouble))).toEqual({ kind: 'trouble', notBefore: 9 });
    expect(mailboxSign(all(failed, deferred))).toEqual({ kind: 'works' });
    expect(mailboxSign(all(deferred, unknown))).toEqual({ kind: 'nothing' });
  });
});
