import { byHand } from './by-hand.ts';
import { neededSecrets, secretPath } from './catalog.ts';
import type { NeededSecret, SecretName, SecretsEnvironment } from './catalog.ts';
import { SecretsError } from './errors.ts';
import { recipientsFor } from './state.ts';
import { isInstalled, sopsAt } from './tools.ts';
import type { Values } from './values.ts';
import { writeSecret } from './write.ts';

/** What the command needs to know of the program that it is part of. */
export interface SecretsContext {
  /** Folder of the repository, where `secrets/` and `.sops.yaml` lie. */
  readonly root: string;
  /** All environments, from validated settings. */
  environments(): Promise<readonly SecretsEnvironment[]>;
}

/** The environment of that name, or all of them. */
export async function findEnvironments(
  context: SecretsContext,
  name: string | undefined,
): Promise<readonly SecretsEnvironment[]> {
  const all = await context.environments();
  const chosen = name === undefined ? all : all.filter((environment) => environment.name === name);
  if (chosen.length > 0) return chosen;
  const names = all.map((environment) => environment.name).join(', ');
  throw new SecretsError(
    `there is no environment "${name ?? ''}" in app/environments: ${names || 'none at all'}`,
  );
}

async function findEnvironment(
  context: SecretsContext,
  name: string | undefined,
): Promise<SecretsEnvironment> {
  const [environment, another] = await findEnvironments(context, name);
  if (environment === undefined || another !== undefined) {
    throw new SecretsError('there is more than one environment: name one with --env');
  }
  return environment;
}

function findSecret(environment: SecretsEnvironment, name: SecretName): NeededSecret {
  const secret = neededSecrets(environment).find((needed) => needed.name === name);
  if (secret === undefined) {
    throw new SecretsError(`${environment.name} needs no ${name} with its present settings`);
  }
  return secret;
}

/**
 * Makes one secret; its values are asked for only once everything else is known to be there.
 * @param environmentName may be absent where there is one environment
 * @returns what was done, for people
 * @throws SecretsError when it cannot be made; where SOPS is absent the message says how to make it by hand
 */
export async function makeSecret(
  context: SecretsContext,
  environmentName: string | undefined,
  name: SecretName,
  values: (environment: SecretsEnvironment) => Promise<Values>,
): Promise<string> {
  const environment = await findEnvironment(context, environmentName);
  const secret = findSecret(environment, name);
  if (!isInstalled('sops')) throw new SecretsError(byHand(environment, secret));
  const path = secretPath(environment.name, name);
  const recipients = recipientsFor(context.root, path);
  const done = await writeSecret({
    root: context.root,
    environment,
    secret,
    recipients,
    values: () => values(environment),
    encrypt: sopsAt(context.root).encrypt,
  });
  const readers = recipients?.join(', ') ?? 'the keys in .sops.yaml';
  return `${done} ${path}, encrypted for ${readers}\nNext: npm run synth, and commit both.`;
}
