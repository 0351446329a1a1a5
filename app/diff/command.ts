import { Command, Option } from 'commander';
import { writeFileSync } from 'node:fs';
import { diffAgainst, diffEnvironments } from './diff.ts';
import { type DiffFormat, formatDiff } from './format.ts';

interface Options {
  readonly against: string;
  readonly env: readonly string[];
  readonly format: DiffFormat;
  readonly output?: string;
}

/** `diff`: exit codes 0 nothing differs, 1 something does, 2 could not run. */
export function diffCommand(root: string): Command {
  return new Command('diff')
    .option('--against <revision>', 'git revision whose dist/ is compared with the fresh render', 'HEAD')
    .option('--env <name>', 'this environment only; given twice, the two are compared', collect, [])
    .addOption(
      new Option('--format <format>', 'how to print').choices(['text', 'markdown', 'json']).default('text'),
    )
    .option('--output <file>', 'write there instead of to standard output')
    .action(async ({ against, env, format, output }: Options) => {
      const [first, second, ...more] = env;
      if (more.length > 0) throw new Error('--env: two environments can be compared, not more');
      const diff =
        first !== undefined && second !== undefined
          ? await diffEnvironments(root, first, second)
          : await diffAgainst(root, against, first);
      const colours = output === undefined && process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
      const text = formatDiff(diff, format, colours);
      if (output === undefined) process.stdout.write(text);
      else writeFileSync(output, text);
      process.exitCode = diff.environments.length > 0 ? 1 : 0;
    });
}

function collect(name: string, before: readonly string[]): string[] {
  return [...before, name];
}
