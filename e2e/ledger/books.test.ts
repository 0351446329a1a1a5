import { describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../relay-src/testing/fake-graph/server.ts';
import { reporter, settle, type Entry } from './books.ts';

const at = Date.parse('2026-01-01T00:00:10.000Z');
const entry: Entry = {
  id: '<1@x>',
  sender: 'a@x',
  recipients: ['b@y', 'c@y'],
  permanent: false,
  bodySha256: 's',
  acknowledged: 'q1',
};
const taken: LedgerEntry = {
  time: new Date(at).toISOString(),
  mailbox: 'a@x',
  via: 'mime',
  accepted: true,
  told: '202',
  recipients: ['c@y', 'b@y'],
  from: 'a@x',
  messageId: '<1@x>',
  bytes: 1,
  sha256: '',
  bodySha256: 's',
};
const report: LedgerEntry = { ...taken, mailbox: reporter, messageId: '<q1.abc@x>', recipients: ['a@x'] };

/** What is wrong with one message, in words. */
function judge(
  change: Partial<Entry>,
  ledger: readonly LedgerEntry[],
  failed: string[] = [],
  kills: number[] = [],
  sent: number[] = [],
) {
  const found = settle(
    [{ ...entry, ...change }],
    ledger,
    failed.map((id) => ({ id, recipients: entry.recipients })),
    { kills, sent: new Map([['q1', sent]]) },
  );
  const { duplicates, lost, missingInFailed, reports, wrong, wronglyFailed } = found;
  const unexplained = duplicates.filter(({ cause }) => cause === undefined).map(() => 'unexplained');
  return [...lost, ...wrong, ...unexplained, ...wronglyFailed, ...missingInFailed, ...reports].join('\n');
}

it.each<[string, string]>([
  ['all is well', judge({}, [taken])],
  ['an answer that told nothing, and once more', judge({}, [{ ...taken, told: '504' }, taken])],
  ['a kill before the answer was written down', judge({}, [taken, taken], [], [at + 300])],
  ['one that nobody acknowledged', judge({ acknowledged: undefined }, [])],
  [
    'one that failed, once more because its first 250 was lost',
    judge({ permanent: true }, [report], ['q0', 'q1']),
  ],
  ['one that failed, with its report', judge({ permanent: true }, [report], ['q1'])],
])('right: %s', (_story, wrong) => expect(wrong).toBe(''));

describe('wrong', () => {
  it.each<[string, string]>([
    ['<1@x> (q1) from a@x', judge({}, [])],
    ['was altered', judge({}, [{ ...taken, bodySha256: 't' }])],
    ['was sent by z@x', judge({}, [{ ...taken, mailbox: 'z@x' }])],
    ['went to b@y and not to b@y,c@y', judge({}, [{ ...taken, recipients: ['b@y'] }])],
    ['nobody sent', judge({}, [taken, { ...taken, messageId: '<2@x>' }])],
    ['unexplained', judge({}, [taken, taken], [], [at + 9000])],
    ['unexplained', judge({}, [taken, taken], [], [at + 1900], [at + 10])],
    ['had to be refused', judge({ permanent: true }, [taken, report], ['q1'])],
    ['q1 to b@y', judge({}, [taken], ['q1'])],
    ['<1@x> (q1) from a@x', judge({ permanent: true }, [report])],
    ['no report', judge({ permanent: true }, [], ['q1'])],
    ['reported twice', judge({ permanent: true }, [report, report], ['q1'])],
  ])('%s', (problem, wrong) => expect(wrong).toContain(problem));
});
