import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { secretPath } from './catalog.ts';
import type { NeededSecret, SecretsEnvironment } from './catalog.ts';
import { SecretsError } from './errors.ts';
import { exampleRecipient } from './example-key.ts';
import { secretManifest } from './manifest.ts';
import { inspectSecret } from './state.ts';

/** Encrypts YAML for the file at `path` (relative to the repository) and returns the ciphertext as YAML. */
export type Encrypt = (plaintext: string, path: string) => Promise<string>;

/**
 * The recipients to encrypt for.
 * @throws SecretsError when they include the public example key although the values would be real
 */
function checkRecipients(environment: SecretsEnvironment, recipients: readonly string[] | undefined): void {
  if (recipients?.includes(exampleRecipient) === true && !environment.example) {
    throw new SecretsError(
      '.sops.yaml still names the example key, whose private half is published: everybody could read the secret.\n' +
        'Make your own key first: npm run secrets -- key',
    );
  }
}

/** One secret to be written. */
export interface SecretToWrite {
  /** Folder of the repository. */
  readonly root: string;
  readonly environment: SecretsEnvironment;
  readonly secret: NeededSecret;
  /** Those that `.sops.yaml` names for the file; undefined where it names none by age. */
  readonly recipients: readonly string[] | undefined;
  /** One value for each key of the secret; called only when they may be encrypted. */
  values(): Promise<Readonly<Record<string, string>>>;
  readonly encrypt: Encrypt;
}

/**
 * Encrypts a secret and puts it in its place: complete or not at all, and only ciphertext ever reaches the
 * disk. Whatever the encryption returns is inspected before.
 * @throws SecretsError when the file would not be what the cluster needs; the old file stays
 */
export async function writeSecret(write: SecretToWrite): Promise<'created' | 'replaced'> {
  const { root, environment, secret, recipients } = write;
  checkRecipients(environment, recipients);
  const path = secretPath(environment.name, secret.name);
  const isExample = recipients?.includes(exampleRecipient) === true;
  const ciphertext = await write.encrypt(secretManifest(secret, await write.values(), isExample), path);
  const findings = inspectSecret(ciphertext, secret, environment, recipients);
  if (findings.length > 0) {
    const list = findings.map((finding) => `  ${finding.message}`).join('\n');
    throw new SecretsError(`sops returned something else than the encrypted secret:\n${list}`);
  }
  const file = join(root, path);
  const existed = existsSync(file);
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(temporary, ciphertext, { flag: 'wx' });
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
  return existed ? 'replaced' : 'created';
}
