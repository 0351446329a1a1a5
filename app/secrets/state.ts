import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  exampleAnnotation,
  neededSecrets,
  secretCommandLine,
  secretPath,
  settingsAnnotation,
} from './catalog.ts';
import type { NeededSecret, SecretName, SecretsEnvironment } from './catalog.ts';
import { exampleRecipient } from './example-key.ts';
import { configuredRecipients } from './sops-config.ts';
import { SopsFileError, readSopsFile } from './sops-file.ts';
import type { SopsFile } from './sops-file.ts';

export type FindingCode =
  | 'missing'
  | 'unreadable'
  | 'clear-text'
  | 'no-recipients'
  | 'wrong-object'
  | 'example-key'
  | 'other-recipients'
  | 'stale-settings';

/** Something that is wrong with a secret's file. An error keeps the cluster from running it, or leaks it. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  /** One line that begins with the file. */
  readonly message: string;
  /** The command or step that puts it right. */
  readonly remedy: string;
}

/** A needed secret and what is wrong with it; nothing is when `findings` is empty. */
export interface SecretState {
  readonly name: SecretName;
  /** Relative to the repository, with `/`. */
  readonly path: string;
  readonly secret: NeededSecret;
  /** The bytes to copy; undefined when there is no such file. */
  readonly text: string | undefined;
  readonly findings: readonly Finding[];
}

type Wrong = Pick<Finding, 'severity' | 'code' | 'message'> & { readonly remedy?: string };

function error(code: FindingCode, message: string): Wrong {
  return { severity: 'error', code, message };
}

function warning(code: FindingCode, message: string, remedy?: string): Wrong {
  return { severity: 'warning', code, message, ...(remedy !== undefined && { remedy }) };
}

function wrongObject(file: SopsFile, secret: NeededSecret): Wrong[] {
  const keys = file.entries.map((entry) => entry.key);
  const fields: readonly (readonly [field: string, has: string | undefined, wants: string])[] = [
    ['kind', `${file.apiVersion} ${file.kind}`, 'v1 Secret'],
    ['name', file.name, secret.name],
    ['namespace', file.namespace, secret.namespace],
    ['type', file.type, secret.type],
    ['keys', keys.toSorted().join(', '), secret.keys.toSorted().join(', ')],
  ];
  return fields
    .filter(([, has, wants]) => has !== wants)
    .map(([field, has, wants]) =>
      error('wrong-object', `has ${field} "${has ?? ''}", and "${wants}" is needed`),
    );
}

function wrongEncryption(file: SopsFile): Wrong[] {
  if (file.sops === undefined) return [error('clear-text', 'is not encrypted')];
  const clear = file.entries.filter((entry) => !entry.encrypted);
  return [
    ...clear.map(({ field, key }) => error('clear-text', `has ${field}.${key} in clear`)),
    ...(file.sops.ageRecipients.length === 0 && !file.sops.hasOtherKeys
      ? [error('no-recipients', 'is encrypted for nobody: no cluster can read it')]
      : []),
  ];
}

function wrongRecipients(
  file: SopsFile,
  path: string,
  environment: Pick<SecretsEnvironment, 'name' | 'example'>,
  secret: NeededSecret,
  configured: readonly string[] | undefined,
): Wrong[] {
  const has = file.sops?.ageRecipients ?? [];
  const exampleConfigured = configured?.includes(exampleRecipient) === true;
  if (!environment.example || (configured !== undefined && !exampleConfigured)) {
    const make = secretCommandLine(environment.name, secret.name);
    const remedy = exampleConfigured ? `npm run secrets -- key, then ${make}` : make;
    if (has.includes(exampleRecipient)) {
      return [warning('example-key', 'is encrypted for the example key, which everybody has', remedy)];
    }
    if (file.annotations[exampleAnnotation] === 'true') {
      return [warning('example-key', 'holds example values, which everybody knows', remedy)];
    }
  }
  if (configured !== undefined && configured.join() !== has.join()) {
    const message = `is encrypted for ${has.join(', ') || 'other keys'}, and .sops.yaml names ${configured.join(', ')}`;
    return [warning('other-recipients', message, `sops updatekeys ${path}`)];
  }
  return [];
}

function staleSettings(file: SopsFile, secret: NeededSecret, command: string): Wrong[] {
  if (secret.settingsSha256 === undefined || file.annotations[settingsAnnotation] === secret.settingsSha256)
    return [];
  const renewal = secret.keepsValue === true ? `${command} --keep` : command;
  return [warning('stale-settings', 'was made from other settings than those of today', renewal)];
}

/**
 * What is wrong with the text of a secret's file. Nothing is decrypted.
 * @param text undefined when the file does not exist
 * @param recipients those that `.sops.yaml` names for it; undefined where they are not to be compared
 */
export function inspectSecret(
  text: string | undefined,
  secret: NeededSecret,
  environment: Pick<SecretsEnvironment, 'name' | 'example'>,
  recipients: readonly string[] | undefined,
): readonly Finding[] {
  const path = secretPath(environment.name, secret.name);
  const finding = (wrong: Wrong): Finding => ({
    remedy: secretCommandLine(environment.name, secret.name),
    ...wrong,
    message: `${path} ${wrong.message}`,
  });
  if (text === undefined) return [finding(error('missing', 'does not exist'))];
  let file: SopsFile;
  try {
    file = readSopsFile(text);
  } catch (cause) {
    if (cause instanceof SopsFileError) return [finding(error('unreadable', cause.message))];
    throw cause;
  }
  const recipientsWrong = wrongRecipients(file, path, environment, secret, recipients);
  // Example values are to be made anew anyway, from the settings of that day.
  const isExample = recipientsWrong.some((wrong) => wrong.code === 'example-key');
  const stale = isExample
    ? []
    : staleSettings(file, secret, secretCommandLine(environment.name, secret.name));
  return [...wrongObject(file, secret), ...wrongEncryption(file), ...recipientsWrong, ...stale].map(finding);
}

function readIfPresent(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/**
 * The age recipients that the repository's `.sops.yaml` names for a file.
 * @param path relative to the repository, with `/`
 * @returns undefined where there is no such file, no rule that matches, or one without age
 */
export function recipientsFor(root: string, path: string): readonly string[] | undefined {
  const config = readIfPresent(join(root, '.sops.yaml'));
  return config === undefined ? undefined : configuredRecipients(config, path);
}

/**
 * The secrets that an environment needs, each with its file and what is wrong with it.
 * @param root folder of the repository, where `secrets/` and `.sops.yaml` lie
 */
export function secretStates(root: string, environment: SecretsEnvironment): readonly SecretState[] {
  return neededSecrets(environment).map((secret) => {
    const path = secretPath(environment.name, secret.name);
    const text = readIfPresent(join(root, path));
    const findings = inspectSecret(text, secret, environment, recipientsFor(root, path));
    return { name: secret.name, path, secret, text, findings };
  });
}
