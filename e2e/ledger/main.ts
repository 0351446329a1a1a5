/**
 * `npm run ledger`: outbox is killed again and again while Graph fails in every way it can and the disk fills; in the
 * end every message that was acknowledged is accounted for.
 *
 * Exit code 0 if all checks passed, 1 if one failed, 2 if it could not run.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { close, positive, reportOn, say } from '../soak/long-run.ts';
import { table } from '../soak/summary.ts';
import { requireRoot } from '../tools/needs.ts';
import { checkAll } from './checks.ts';
import { runLedger, type LedgerResult } from './run.ts';

const root = join(import.meta.dirname, '../..');
/** The whole run; a shorter one has as many messages and kills a second. */
const whole = { seconds: 480, messages: 5000, kills: 200 };

interface Options {
  readonly seconds: number;
  readonly seed: string;
  readonly clients: number;
  readonly exactlyOnce?: true;
}

function readOptions(): Options {
  return new Command('ledger')
    .description('Kill outbox while it works, and account for every message')
    .option('--seconds <number>', 'how long there is bad weather', positive, whole.seconds)
    .option('--seed <text>', 'draws the same messages, kills and faults again', String(randomInt(1e9)))
    .option('--clients <number>', 'clients at a time', positive, 20)
    .option('--exactly-once', 'send through drafts that can be looked up')
    .parse()
    .opts();
}

async function main(): Promise<void> {
  const { clients, exactlyOnce = false, seconds, seed } = readOptions();
  requireRoot('it mounts a small disk, to fill it');
  const folder = join(root, 'build/ledger', seed);
  mkdirSync(folder, { recursive: true });
  const share = seconds / whole.seconds;
  const messages = Math.round(whole.messages * share);
  const kills = Math.round(whole.kills * share);
  const again = `npm run ledger -- --seconds ${seconds} --seed ${seed}${exactlyOnce ? ' --exactly-once' : ''}`;
  say(`seed ${seed}: ${messages} messages of ${clients} clients in ${seconds} s, ${kills} kills`);

  const options = { seed, messages, kills, seconds, clients, exactlyOnce, folder };
  const result = await runLedger(options);
  const report = await reportOn({ folder, again, summary: summary(result) }, (checks) =>
    checkAll(checks, result, options),
  );
  const duplicates = result.findings.duplicates.map((one) => `${JSON.stringify(one)}\n`);
  writeFileSync(join(folder, 'duplicates.jsonl'), duplicates.join(''));
  say(`report, log and Graph's ledger: ${relative(root, folder)}/; the same again: ${again}`);
  close(report);
}

function summary({ findings, program, statistics }: LedgerResult): string {
  const causes = new Map<string, number>();
  for (const { cause = 'none' } of findings.duplicates) causes.set(cause, (causes.get(cause) ?? 0) + 1);
  return [
    table('replies and spells', statistics.counts),
    table('attempts that the log tells of', program.attempts),
    table('duplicates by cause', causes),
    table(
      'in all',
      new Map([
        ['messages acknowledged', findings.acknowledged],
        ['messages with Graph, reports included', findings.delivered],
        ['messages there twice or more', findings.duplicates.length],
        ['lost', findings.lost.length],
        ['kills', program.kills.length],
      ]),
    ),
  ].join('\n');
}

// outbox and the disk go with us: both are removed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));

await main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(2);
  },
);
