/** One run: clients, kills, bad weather; then rest, SIGTERM, and both sides of every message. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { startFakeGraph, type FakeGraph } from '../../relay-src/testing/fake-graph/server.ts';
import { Random } from '../../relay-src/testing/random.ts';
import { Statistics } from '../soak/statistics.ts';
import { settle, type Findings } from './books.ts';
import { makeDisk } from './disk.ts';
import { OutboxProgram } from './program.ts';
import { makeMails, sendAll, type Mail } from './sender.ts';
import { weather } from './weather.ts';

export interface LedgerOptions {
  readonly seed: string;
  readonly messages: number;
  readonly kills: number;
  readonly seconds: number;
  readonly clients: number;
  readonly exactlyOnce: boolean;
  /** For the log and what else the run leaves. */
  readonly folder: string;
}

export interface LedgerResult {
  readonly findings: Findings;
  readonly statistics: Statistics;
  readonly program: OutboxProgram;
  /** Messages that clients wanted to hand in. */
  readonly wanted: number;
  /** What is left in the spool that should not be. */
  readonly left: readonly string[];
  /** How it ended after SIGTERM. */
  readonly ended: string;
  readonly graphFailures: readonly unknown[];
  readonly drafts: number;
}

/** What clients get to be heard, and the queue to become empty, when all is well again: milliseconds. */
const patience = 300_000;

const listed = z.object({
  id: z.string(),
  state: z.string(),
  recipients: z.array(z.string()),
  reason: z.string().optional(),
});

export async function runLedger(options: LedgerOptions): Promise<LedgerResult> {
  const { clients, exactlyOnce, folder, kills, messages, seconds, seed } = options;
  const random = new Random(seed);
  const statistics = new Statistics();
  const mails = makeMails(messages, seconds, random.fork('mails'));
  const disk = makeDisk(join(folder, 'disk'));
  // Also when somebody interrupts us.
  process.once('exit', () => disk.remove());
  const graph = await startFakeGraph({ latency: 30, ledgerFile: join(folder, 'ledger.jsonl') });
  refuse(graph, mails);
  const program = await OutboxProgram.start({
    folder,
    spool: join(disk.folder, 'spool'),
    graph,
    exactlyOnce,
  });

  const bad = new AbortController();
  const whether = weather({ program, graph, disk, random, statistics, kills, seed }, bad.signal);
  const giveUp = new AbortController();
  const begun = performance.now();
  const queue = mails.values();
  const sending = Array.from({ length: clients }, (_, n) =>
    sendAll({
      port: program.smtpPort,
      mails: queue,
      random: random.fork(`client ${n}`),
      statistics,
      begun,
      signal: giveUp.signal,
    }),
  );
  await sleep(seconds * 1000);
  bad.abort();
  await whether;
  setTimeout(() => giveUp.abort(), patience).unref();
  await Promise.all(sending);
  await program.ready();
  await drained(program);

  const inSpool = (await program.command('list', '--json'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => listed.parse(JSON.parse(line)));
  const ended = await program.stop();
  await graph.stop();
  return {
    findings: settle(
      mails.map(({ entry }) => entry),
      graph.ledger.accepted,
      inSpool.filter(({ state }) => state === 'failed'),
      program,
    ),
    statistics,
    program,
    wanted: mails.length,
    left: inSpool.filter(({ state }) => state !== 'failed').map((one) => JSON.stringify(one)),
    ended,
    graphFailures: graph.failures,
    drafts: graph.mailboxes.drafts.length,
  };
}

/** Senders whose messages Graph refuses for good, each time. */
function refuse(graph: FakeGraph, mails: readonly Mail[]): void {
  const senders = new Set(mails.filter(({ entry }) => entry.permanent).map(({ entry }) => entry.sender));
  const at = ['sendMail', 'createDraft'] as const;
  for (const mailbox of senders) {
    graph.faults.add(
      ...at.map((step) => ({ at: step, mailbox, status: 413, code: 'ErrorMessageSizeExceeded' })),
    );
  }
}

/** Waits until nothing is queued; an operator who knows that all is well again does not wait for back-off. */
async function drained(program: OutboxProgram): Promise<void> {
  for (const end = performance.now() + patience; performance.now() < end;) {
    if ((await program.metric('outbox_messages{state="queued"}')) === 0) return;
    await program.command('retry', '--all');
    await sleep(5000);
  }
}
