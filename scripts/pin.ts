/**
 * `npm run pin [-- NAME…]`: digests for the images of app/images/*.yaml, asked from their registries; with
 * `--actions` commits for the actions of .github/workflows/, asked from GitHub.
 * Exit codes: 0 done (`--check`: all have their digest), 1 an image is missing (`--check`: or its digest is
 * not the registry's), 2 a registry could not be asked. Nothing is written unless all is well.
 */
import { globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command } from 'commander';

import { pinActions } from './pin/actions.ts';
import { pin } from './pin/pin.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(names: string[], { check, actions }: { check?: true; actions?: true }): Promise<void> {
  const root = join(import.meta.dirname, '..');
  if (actions === true) {
    const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map((file) => join(root, file));
    const host = 'https://github.com/';
    process.exitCode = (await pinActions({ files: workflows, check: check === true, host }, say)) ? 0 : 1;
    return;
  }
  const files = globSync('app/images/*.yaml', { cwd: root }).map((file) => relative('', join(root, file)));
  const clean = await pin({ files: files.toSorted(), names, check: check === true }, say);
  if (!clean) say(check ? 'Not every image has its digest.' : 'Nothing was written.');
  else if (!check) say('Now run `npm run synth`.');
  process.exitCode = clean ? 0 : 1;
}

await new Command('npm run pin --')
  // Commander's own errors are about arguments: exit code 2, as for all that could not run.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .description('Write behind each image of app/images/ the digest that its tag has now.')
  .argument('[name...]', 'images to pin, by their names in the file (default: all)')
  .option('--actions', 'pin the actions of .github/workflows/ by their commits instead')
  .option('--check', 'compare with the registries, and write nothing')
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nNothing was written.\n`);
    process.exitCode = 2;
  });
