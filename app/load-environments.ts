/** Reads every environment of the repository: settings, images, secrets. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Environment, fluxNamespace, secretsEnvironment } from './environment.ts';
import { parseImages, type Images } from './images.ts';
import { InputError } from './input-error.ts';
import type { SecretName, SecretsEnvironment } from './secrets/catalog.ts';
import { secretStates } from './secrets/state.ts';
import { parseSettings } from './setting-problems.ts';
import type { Settings } from './settings.ts';

const ENVIRONMENTS = 'app/environments';
const NAME = /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/;

export interface Loaded {
  readonly environments: readonly Environment[];
  /** What a person should look at, though it can be rendered; one line each. */
  readonly warnings: readonly string[];
}

/** A settings file that has been read and validated. */
interface Described {
  readonly name: string;
  readonly file: string;
  readonly settings: Settings;
}

/**
 * All environments, in the order of their names.
 *
 * @param root folder of the repository
 * @throws InputError with every problem of every file
 */
export async function loadEnvironments(root: string): Promise<Loaded> {
  const problems: string[] = [];
  const warnings: string[] = [];
  const environments: Environment[] = [];
  for (const described of await loadSettings(root)) {
    const images = loadImages(root, described, problems);
    const secrets = loadSecrets(root, described, problems, warnings);
    if (images !== undefined) environments.push({ ...described, images, secrets });
  }
  if (problems.length > 0) throw new InputError(problems);
  return { environments, warnings };
}

/** What the secrets of every environment depend on; needs neither images nor secrets. */
export async function loadSecretsEnvironments(root: string): Promise<SecretsEnvironment[]> {
  return (await loadSettings(root)).map(({ name, settings }) => secretsEnvironment(name, settings));
}

async function loadSettings(root: string): Promise<Described[]> {
  const problems: string[] = [];
  const described: Described[] = [];
  for (const fileName of environmentFiles(root)) {
    const file = `${ENVIRONMENTS}/${fileName}`;
    const name = fileName.replace(/\.ts$/, '');
    if (!NAME.test(name)) {
      problems.push(
        `${file}: the file's name is the environment's: lower-case letters, digits and "-", at most 32`,
      );
      continue;
    }
    const result = parseSettings(await environmentInput(root, file));
    if ('settings' in result) described.push({ name, file, settings: result.settings });
    else
      problems.push(
        ...result.problems.map(({ path, message }) => [file, path, message].filter(Boolean).join(': ')),
      );
  }
  problems.push(...sharedClusters(described));
  if (problems.length > 0) throw new InputError(problems);
  return described;
}

function environmentFiles(root: string): string[] {
  const folder = join(root, ENVIRONMENTS);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.ts')) : [];
  if (files.length === 0)
    throw new InputError([`${ENVIRONMENTS}: no environment; copy one back with git checkout`]);
  return files.toSorted();
}

/** What an environment's file exports: settings before their validation. @throws InputError */
export async function environmentInput(root: string, file: string): Promise<unknown> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(join(root, file)).href);
  } catch (error) {
    throw new InputError([
      `${file}: cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  if (typeof module !== 'object' || module === null || !('default' in module)) {
    throw new InputError([`${file}: exports nothing; expected \`export default defineEnvironment({ … })\``]);
  }
  return module.default;
}

/** Names in the cluster do not carry the environment, so two on one cluster would take each other's objects. */
function sharedClusters(described: readonly Described[]): string[] {
  const owners = new Map<string, string>();
  return described.flatMap(({ file, settings }) => {
    const owner = owners.get(settings.cluster.name);
    owners.set(settings.cluster.name, owner ?? file);
    return owner === undefined
      ? []
      : [
          `${file}: cluster.name: got "${settings.cluster.name}", which ${owner} has already; one environment per cluster`,
        ];
  });
}

function loadImages(root: string, { name, settings }: Described, problems: string[]): Images | undefined {
  const file = `app/images/${name}.yaml`;
  if (!existsSync(join(root, file))) {
    problems.push(
      `${file}: does not exist; expected a line \`name: reference\` for each image, as in app/images/prod.yaml`,
    );
    return undefined;
  }
  const result = parseImages(readFileSync(join(root, file), 'utf8'), {
    environment: name,
    prefix: settings.registry.prefix,
    policyNamespace: fluxNamespace(settings),
    lastHop: settings.delivery.kind,
    automation: settings.imageAutomation === 'on',
  });
  if ('images' in result) return result.images;
  problems.push(...result.problems.map((problem) => `${file}: ${problem}`));
  return undefined;
}

function loadSecrets(
  root: string,
  { name, settings }: Described,
  problems: string[],
  warnings: string[],
): Environment['secrets'] {
  const secrets = new Map<SecretName, { source: string; bytes: Uint8Array }>();
  for (const state of secretStates(root, secretsEnvironment(name, settings))) {
    for (const { severity, message, remedy } of state.findings) {
      (severity === 'error' ? problems : warnings).push(`${message}: ${remedy}`);
    }
    if (state.text !== undefined)
      secrets.set(state.name, { source: state.path, bytes: Buffer.from(state.text) });
  }
  return secrets;
}
