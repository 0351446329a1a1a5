import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { SecretsError } from './errors.ts';
import { exampleRecipient } from './example-key.ts';
import { replaceRecipient } from './sops-config.ts';
import { installHelp, isInstalled, run } from './tools.ts';

/** Where a cluster's key is kept when no other place is named: beside SOPS's own keys, outside the repository. */
export function defaultKeyFile(): string {
  const config = process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return join(config, 'sops', 'age', 'email-relay.agekey');
}

function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return !path.startsWith('..') && !isAbsolute(path);
}

/**
 * Makes an age key (or takes the one that is there) and puts its recipient into `.sops.yaml` in the place of
 * the example's.
 * @returns what was done and what is left to do, for people
 * @throws SecretsError when age-keygen is absent or the key file is not usable
 */
export async function setUpKey(root: string, keyFile: string): Promise<string> {
  const file = resolve(keyFile);
  if (isInside(resolve(root), file)) {
    throw new SecretsError(
      `${keyFile} lies in the repository, where a private key would be committed: choose another place`,
    );
  }
  if (!isInstalled('age-keygen')) throw new SecretsError(installHelp['age-keygen']);

  const existed = existsSync(file);
  if (!existed) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    await run('age-keygen', ['-o', file], root);
  }
  const recipients = (await run('age-keygen', ['-y', file], root)).trim().split(/\s+/);
  const [recipient = ''] = recipients;
  if (recipients.length !== 1 || recipient === '') {
    throw new SecretsError(`${keyFile} holds ${recipients.length} keys: a cluster gets a file with one`);
  }
  if (recipient === exampleRecipient)
    throw new SecretsError(`${keyFile} holds the example key, which is public`);

  const config = join(root, '.sops.yaml');
  const before = readFileSync(config, 'utf8');
  const after = replaceRecipient(before, exampleRecipient, recipient);
  if (after !== undefined) writeFileSync(config, after);
  const names = (after ?? before).includes(recipient);
  return [
    `${existed ? 'Found' : 'Made'} the private key ${file}`,
    ...(names ? nextSteps(recipient, file) : addByHand(recipient)),
  ].join('\n');
}

function nextSteps(recipient: string, file: string): string[] {
  return [
    `.sops.yaml encrypts for ${recipient}`,
    '',
    'Next:',
    '  1. Keep a copy of the private key where the cluster cannot lose it (a password manager, a safe).',
    '  2. Give it to Flux:',
    `     kubectl -n flux-system create secret generic sops-age --from-file=age.agekey=${file}`,
    '  3. To read or edit secrets here:',
    `     export SOPS_AGE_KEY_FILE=${file}`,
    '  4. Make every secret anew that holds an example value: npm run secrets',
  ];
}

function addByHand(recipient: string): string[] {
  return [
    '.sops.yaml names others, so nothing was changed in it. Add this one behind a comma, then run',
    'sops updatekeys on each file below secrets/ (docs/secrets.md, "Rotation"):',
    `  ${recipient}`,
  ];
}
