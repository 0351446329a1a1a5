/** What must hold after a run. */
import assert from 'node:assert/strict';
import type { Report } from '../smoke/report.ts';
import type { LedgerOptions, LedgerResult } from './run.ts';

export async function checkAll(report: Report, result: LedgerResult, options: LedgerOptions): Promise<void> {
  const { findings, program, statistics } = result;
  const unexplained = findings.duplicates.filter(({ cause }) => cause === undefined);

  await report.case('there was enough trouble to show anything', async () => {
    assert.equal(program.kills.length, options.kills);
    const unknown = findings.duplicates.length + (program.attempts.get('unknown') ?? 0);
    assert(unknown > 0 && (program.attempts.get('deferred') ?? 0) > 0, 'Graph never failed');
    const full = [...statistics.counts].filter(([said]) => said.startsWith('452')).length;
    assert(full > 0, 'the disk was never full');
  });
  await report.case('every message is acknowledged in the end, with no 5xx on the way', async () => {
    assert.equal(findings.acknowledged, result.wanted);
    none(statistics.wrongReplies.kept);
  });
  await report.case('every acknowledged message is with Graph', async () => none(findings.lost));
  await report.case(
    'what is with Graph was sent: whole, unaltered, to the envelope, by its mailbox',
    async () => none(findings.wrong),
  );
  if (options.exactlyOnce) {
    await report.case('none is there twice', async () =>
      none(findings.duplicates.map(({ id, cause }) => `${id}: ${cause}`)),
    );
    await report.case('no draft is left', async () => assert.equal(result.drafts, 0));
  } else {
    await report.case('each duplicate has a cause: an answer that told nothing, or a kill', async () =>
      none(unexplained.map(({ id }) => id)),
    );
  }
  await report.case('failed/ holds exactly the messages that had to fail', async () => {
    none(findings.wronglyFailed);
    none(findings.missingInFailed);
  });
  await report.case('each failure is reported to its sender, once', async () => none(findings.reports));
  await report.case('nothing else is left in the spool', async () => none(result.left));
  await report.case('it never ended by itself, and logged no fault of its own', async () =>
    none(program.faults),
  );
  await report.case('SIGTERM ends it with 0', async () => assert.equal(result.ended, 'exit code 0'));
  await report.case('the fake Graph had no fault of its own', async () =>
    none(result.graphFailures.map(String)),
  );
}

function none(problems: readonly string[]): void {
  assert(problems.length === 0, `${problems.length}:\n${problems.slice(0, 20).join('\n')}`);
}
