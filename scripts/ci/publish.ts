/**
 * `npm run ci:publish -- --tag TAG`: builds and pushes the images of this repository; with `--sbom` a bill of
 * materials each, with `--sign` signatures. Needs buildah, a login at the registry, and cosign to sign.
 * Exit codes: 0 done, 1 a step failed, 2 could not run.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { loadEnvironments } from '../../app/load-environments.ts';
import { DIGEST, digestFile, publishPlan, type Step } from './publish-plan.ts';
import { runCommand } from './run-command.ts';

const root = join(import.meta.dirname, '../..');

interface Options {
  readonly tag: string;
  readonly environment: string;
  readonly folder: string;
  readonly sbom: boolean;
  readonly sign: boolean;
  readonly dryRun?: true;
}

async function main({ tag, environment, folder, sbom, sign, dryRun }: Options): Promise<void> {
  if (tag === '') {
    process.stdout.write('no new images\n');
    return;
  }
  const { environments } = await loadEnvironments(root);
  const prefix = environments.find(({ name }) => name === environment)?.settings.registry.prefix;
  if (prefix === undefined) throw new Error(`no environment "${environment}"`);
  const images = globSync('relay-src/*/Containerfile', { cwd: root }).map((file) => basename(dirname(file)));
  mkdirSync(join(root, folder), { recursive: true });
  for (const step of publishPlan({ images: images.toSorted(), prefix, tag, folder, sbom, sign })) {
    process.stdout.write(
      `$ ${step.command.join(' ')}${step.output === undefined ? '' : ` > ${step.output}`}\n`,
    );
    if (dryRun === true || run(step, folder)) continue;
    process.exitCode = 1;
    return;
  }
}

function run({ command, output }: Step, folder: string): boolean {
  const [program = '', ...rest] = command;
  const args = rest.map((arg) => {
    const image = /([^/@]+)@\{digest\}$/.exec(arg)?.[1];
    return image === undefined
      ? arg
      : arg.replace(DIGEST, readFileSync(join(root, digestFile(folder, image)), 'utf8').trim());
  });
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', output === undefined ? 'inherit' : 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  if (output !== undefined) writeFileSync(join(root, output), stdout);
  return status === 0;
}

function isOn(variable: string): boolean {
  return process.env[variable] === 'true';
}

await runCommand(
  new Command('npm run ci:publish --')
    .description('Build and push the images of this repository.')
    .requiredOption('--tag <tag>', 'tag of all images; an empty one means that there is nothing to do')
    .option('--environment <name>', 'whose registry.prefix they are pushed to', 'prod')
    .option('--folder <folder>', 'for digests and bills of materials', 'build/images')
    .option(
      '--sbom',
      'make a bill of materials (CycloneDX) of each (or IMAGES_SBOM=true)',
      isOn('IMAGES_SBOM'),
    )
    .option('--sign', 'sign them with cosign (or IMAGES_SIGN=true)', isOn('IMAGES_SIGN'))
    .option('--dry-run', 'print the commands')
    .action(main),
);
