import { credentialKeys } from '../../relay-src/outbox/contract.ts';
import type { SecretsEnvironment } from './catalog.ts';
import { SecretsError } from './errors.ts';
import { newPassword, plainValue, readSource, secretValue } from './input.ts';
import { htpasswd, mailpitAuthValues } from './mailpit-auth.ts';
import { certificateValues, credentialOf } from './outbox-credentials.ts';
import { dockerConfigJson, dockerConfigJsonFrom } from './registry-auth.ts';
import { clientSecretOf, smtp2graphConfig } from './smtp2graph-config.ts';
import { secretStates } from './state.ts';
import { sopsAt } from './tools.ts';

/** The values of a Secret by key, as they go into `stringData`. */
export type Values = Readonly<Record<string, string>>;

/** Files are paths, or `-` for standard input; what is absent is asked for on the terminal. */
export interface MailpitAuthOptions {
  readonly user: string;
  readonly passwordFile?: string;
  /** An htpasswd file instead. */
  readonly fromFile?: string;
}

export async function mailpitAuthFrom({ user, passwordFile, fromFile }: MailpitAuthOptions): Promise<Values> {
  if (fromFile !== undefined) return mailpitAuthValues(await readSource(fromFile));
  const password = await newPassword(passwordFile, '--password-file', `Password for ${user}`);
  return mailpitAuthValues(await htpasswd(user, password));
}

export interface OutboxOptions {
  readonly clientSecretFile?: string;
  readonly passwordFile?: string;
  readonly certificateFile?: string;
  readonly privateKeyFile?: string;
}

export async function outboxFrom(
  options: OutboxOptions,
  { name, outbox }: SecretsEnvironment,
): Promise<Values> {
  const wanted = outbox === undefined ? 'none' : credentialOf(outbox);
  if (wanted === 'none') throw new SecretsError(`${name} does not log in to its next hop by outbox`);
  if (wanted === 'client-secret') {
    const question = 'Client secret of the app registration';
    const secret = await secretValue(options.clientSecretFile, '--client-secret-file', question);
    return { [credentialKeys.clientSecret]: secret };
  }
  if (wanted === 'password') {
    const question = 'Password at the smarthost';
    return {
      [credentialKeys.password]: await secretValue(options.passwordFile, '--password-file', question),
    };
  }
  const { certificateFile, privateKeyFile } = options;
  if (certificateFile === undefined || privateKeyFile === undefined) {
    throw new SecretsError('the settings want a certificate: give --certificate-file and --private-key-file');
  }
  return certificateValues(await readSource(certificateFile), await readSource(privateKeyFile));
}

export interface Smtp2graphOptions {
  readonly clientSecretFile?: string;
  /** Takes the client secret from the present file. */
  readonly keep?: true;
}

export async function smtp2graphFrom(
  options: Smtp2graphOptions,
  environment: SecretsEnvironment,
  root: string,
): Promise<Values> {
  const { name, smtp2graph } = environment;
  if (smtp2graph === undefined) throw new SecretsError(`${name} does not deliver by smtp2graph`);
  const question = 'Client secret of the app registration';
  const clientSecret = options.keep
    ? await presentClientSecret(root, environment)
    : await secretValue(options.clientSecretFile, '--client-secret-file', question);
  return { 'config.yml': smtp2graphConfig(smtp2graph, clientSecret) };
}

/** The client secret that the environment has now, decrypted with the private key of whoever runs this. */
async function presentClientSecret(root: string, environment: SecretsEnvironment): Promise<string> {
  const state = secretStates(root, environment).find(({ name }) => name === 'smtp2graph-config');
  // An example value, if kept, would lose the mark that it is one.
  const unusable = state?.findings.find(
    ({ code }) => code !== 'stale-settings' && code !== 'other-recipients',
  );
  if (state === undefined || unusable !== undefined) {
    throw new SecretsError(`there is no client secret to keep: ${unusable?.message ?? 'none is needed'}`);
  }
  return clientSecretOf(await sopsAt(root).decryptKey(state.path, 'config.yml'));
}

export interface RegistryOptions {
  readonly username?: string;
  readonly passwordFile?: string;
  /** Docker's `config.json` instead. */
  readonly fromFile?: string;
}

export async function registryFrom(
  options: RegistryOptions,
  { name, pullSecretRegistry: registry }: SecretsEnvironment,
): Promise<Values> {
  if (registry === undefined) throw new SecretsError(`${name} pulls without a secret`);
  if (options.fromFile !== undefined) {
    return { '.dockerconfigjson': dockerConfigJsonFrom(registry, await readSource(options.fromFile)) };
  }
  const username = await plainValue(options.username, '--username', `User name at ${registry}`);
  const question = `Password or token of ${username}`;
  const password = await secretValue(options.passwordFile, '--password-file', question);
  return { '.dockerconfigjson': dockerConfigJson(registry, username, password) };
}
