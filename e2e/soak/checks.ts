/** What must hold after a run. */
import assert from 'node:assert/strict';
import type { Report } from '../smoke/report.ts';
import type { SoakOptions, SoakResult } from './soak.ts';
import type { Complaints } from './statistics.ts';
import { memoryTrend } from './watch.ts';

const mebi = 2 ** 20;

/** How much more memory the last third of a run may use than the first after the warm-up: V8 breathes. */
const mostGrowth = 32 * mebi;

/** A run in which less happens than this shows nothing. */
const leastAcceptedPerSecond = 2;

export async function checkAll(report: Report, result: SoakResult, { seconds }: SoakOptions): Promise<void> {
  const { statistics, findings, offences, before, after, log, told } = result;

  await report.case('there was enough mail to show anything', async () =>
    assert(
      findings.accepted > leastAcceptedPerSecond * seconds,
      `${findings.accepted} messages accepted in ${seconds} s`,
    ),
  );
  await report.case('each 250 is found upstream exactly once', async () => none(findings.lost));
  await report.case('what is upstream was sent, whole, to these recipients, and not altered', async () =>
    none(findings.foreign),
  );
  await report.case('what is upstream without a 250 has a cause (RFC 1047)', async () =>
    none(findings.unexplained),
  );
  await report.case('the upstream hears nothing but mail transactions', async () => few(offences));
  await report.case('each reply is one that may come there', async () => few(statistics.wrongReplies));
  await report.case('each client gets its answers, within the limits', async () =>
    few(statistics.unansweredClients),
  );
  await report.case('the log has each accepted message once, and no error', async () => {
    none(log.unexpected);
    none(told.filter((tx) => log.accepted.get(tx) !== 1));
  });
  await report.case('the metric counts the messages that the log has', async () =>
    assert.equal(after.accepted, result.loggedAtRest),
  );
  await report.case('no connection of a client and no octet in flight is left', async () =>
    assert.deepEqual([after.activeConnections, after.bytesInFlight], [0, 0]),
  );
  await report.case('idle connections to the upstream are closed, and the metric says so', async () =>
    assert.deepEqual([after.upstreamSees, after.upstreamConnections], [[], 0]),
  );
  await report.case('no file descriptor is left open', async () =>
    assert(
      after.descriptors <= before.descriptors,
      `${before.descriptors} before, ${after.descriptors} after`,
    ),
  );
  await report.case('memory is flat', async () => {
    const { early, late } = memoryTrend(result.samples);
    const grown = `${(early / mebi).toFixed(0)} MiB, later ${(late / mebi).toFixed(0)} MiB`;
    assert(late - early <= mostGrowth, grown);
  });
  await report.case('SIGTERM: running transactions end with 250, and the program with 0', async () =>
    assert.equal(result.lastActProblem, undefined),
  );
}

function none(problems: readonly string[]): void {
  assert(problems.length === 0, `${problems.length}:\n${problems.slice(0, 20).join('\n')}`);
}

function few({ total, kept }: Complaints): void {
  assert(total === 0, `${total}:\n${kept.slice(0, 20).join('\n')}`);
}
