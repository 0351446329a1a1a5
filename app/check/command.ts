import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { allRules } from '../../checks/all-rules.ts';
import { human } from '../../checks/report/human.ts';
import { json } from '../../checks/report/json.ts';
import { junit } from '../../checks/report/junit.ts';
import { hasErrors } from '../../checks/report/report.ts';
import type { Report } from '../../checks/report/report.ts';
import { sarif } from '../../checks/report/sarif.ts';
import { checkPath } from './check-path.ts';
import { checkRepository } from './check-repository.ts';

const FORMATS = ['human', 'json', 'sarif', 'junit'] as const;

interface Options {
  readonly format: (typeof FORMATS)[number];
  readonly output?: string;
  readonly drift?: true;
  readonly fix?: true;
  readonly kubernetes: '1.34' | '1.35' | '1.36';
}

/** `check`: errors make exit code 1, warnings alone leave it 0. */
export function checkCommand(root: string): Command {
  return new Command('check')
    .description('check this repository, or manifests anywhere: schemas, and what must hold across objects')
    .argument('[path]', 'folder or file of manifests that are not rendered here')
    .addOption(new Option('--format <format>', 'how findings are written').choices(FORMATS).default('human'))
    .option('--drift', 'also say what in dist/ is not what the sources render')
    .option('--fix', 'repair below the path what has one right answer')
    .option('--output <file>', 'write them into a file instead')
    .addOption(
      new Option('--kubernetes <version>', 'version that the manifests of a path are for')
        .choices(['1.34', '1.35', '1.36'])
        .default('1.36'),
    )
    .action(async (path: string | undefined, options: Options) => {
      if (path !== undefined && options.drift === true)
        throw new Error('--drift is about dist/: it goes without a path');
      if (path === undefined && options.fix === true)
        throw new Error('--fix needs a path: what is rendered here is repaired in its construct or settings');
      const target = { kubernetes: options.kubernetes, flux: '2.9' } as const;
      const report =
        path === undefined
          ? await checkRepository(root, options.drift === true)
          : checkPath(path, target, options.fix === true);
      const text = write(report, options);
      if (options.output === undefined) process.stdout.write(text);
      else writeFileSync(options.output, text);
      process.exitCode = hasErrors(report) ? 1 : 0;
    });
}

function write(report: Report, { format, output }: Options): string {
  if (format === 'json') return json(report);
  if (format === 'sarif') return sarif(report, allRules);
  if (format === 'junit') return junit(report, RULE_IDS);
  const isTerminal = output === undefined && process.stdout.isTTY;
  return human(report, isTerminal && process.env['NO_COLOR'] === undefined);
}

const RULE_IDS = allRules.map(({ id }) => id);
