/**
 * `npm run soak`: hours of bad luck in minutes. Many clients, a next hop and a DNS that fail at random, and the
 * relay between them as a program of its own; in the end every message's fate is known on both sides.
 *
 * Exit code 0 if all checks passed, 1 if one failed, 2 if it could not run.
 */
import { Command } from 'commander';
import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkAll } from './checks.ts';
import { close, positive, reportOn, say } from './long-run.ts';
import { soak, type SoakOptions } from './soak.ts';
import { summary } from './summary.ts';

const root = join(import.meta.dirname, '../..');

function readOptions(): Omit<SoakOptions, 'logFile'> {
  return new Command('soak')
    .description('Mixed load on mx-validator while its next hop, its DNS and its clients fail at random')
    .option('--seconds <number>', 'how long clients begin new sessions', positive, 1800)
    .option('--seed <text>', 'draws the same sessions and faults as the run that printed it', newSeed())
    .option('--clients <number>', 'clients at a time', positive, 50)
    .parse()
    .opts();
}

function newSeed(): string {
  return String(randomInt(1_000_000_000));
}

async function main(): Promise<void> {
  const given = readOptions();
  const folder = join(root, 'build/soak', given.seed);
  mkdirSync(folder, { recursive: true });
  const options: SoakOptions = { ...given, logFile: join(folder, 'relay.log') };
  say(`seed ${options.seed}: ${options.clients} clients for ${options.seconds} s`);

  const result = await soak(options);
  const again = `npm run soak -- --seconds ${options.seconds} --seed ${options.seed}`;
  const report = await reportOn({ folder, again, summary: summary(result) }, (checks) =>
    checkAll(checks, result, options),
  );
  const samples = result.samples.map((one) => [one.at.toFixed(0), one.resident, one.descriptors].join('\t'));
  writeFileSync(join(folder, 'samples.tsv'), ['second\tresident\tdescriptors', ...samples, ''].join('\n'));
  const causes = result.findings.unacknowledged.map((one) => `${JSON.stringify(one)}\n`);
  writeFileSync(join(folder, 'unacknowledged.jsonl'), causes.join(''));
  const { wrongReplies, unansweredClients } = result.statistics;
  const complaints = [result.offences, wrongReplies, unansweredClients].flatMap(({ kept }) => kept);
  writeFileSync(join(folder, 'complaints.txt'), complaints.map((one) => `${one}\n`).join(''));
  say(`report and log: ${relative(root, folder)}/; the same again: ${again}`);
  close(report);
}

// The relay ends with us: it is killed when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
});
