/**
 * `npm run ci:image-tag`: whether a push needs new images, and their tag. Prints `build=` and `tag=`, and appends
 * them to a file with `--output` (GITHUB_OUTPUT, or a dotenv report of GitLab).
 * Exit codes: 0 decided, 2 could not run.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { changedFiles } from './changed-files.ts';
import { decide, imageTag } from './image-decision.ts';
import { runCommand } from './run-command.ts';

interface Options {
  readonly before?: string;
  readonly after: string;
  readonly number: string;
  readonly time?: string;
  readonly environment: string;
  readonly output?: string;
}

function main({ before, after, number, time, environment, output }: Options): void {
  const root = join(import.meta.dirname, '../..');
  const { build, because } = decide(changedFiles(root, before, after));
  const tag = imageTag(environment, timeOf(time), number);
  const lines = `build=${build}\ntag=${build ? tag : ''}\n`;
  process.stdout.write(`${lines}# ${because}\n`);
  if (output !== undefined) appendFileSync(output, lines);
}

/** GitLab writes ISO 8601, GitHub seconds since 1970. */
function timeOf(text: string | undefined): Date {
  if (text === undefined) return new Date();
  return new Date(/^\d+$/.test(text) ? Number(text) * 1000 : text);
}

await runCommand(
  new Command('npm run ci:image-tag --')
    .description('Decide whether a push needs new images, and name them.')
    .option('--before <revision>', 'where the push began (default: the last commit alone)')
    .option('--after <revision>', 'where it ended', 'HEAD')
    .requiredOption('--number <number>', 'number of the pipeline')
    .option('--time <time>', 'when the pipeline was created: ISO 8601, or seconds since 1970 (default: now)')
    .option('--environment <name>', 'first part of the tag', 'prod')
    .option('--output <file>', 'append `build=` and `tag=` to it')
    .action(main),
);
