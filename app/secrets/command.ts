import { Command } from 'commander';
import { byHand } from './by-hand.ts';
import { neededSecrets, secretPath } from './catalog.ts';
import type { NeededSecret, SecretName, SecretsEnvironment } from './catalog.ts';
import { SecretsError, messageOf } from './errors.ts';
import { newPassword, plainValue, readSource, secretValue } from './input.ts';
import { defaultKeyFile, setUpKey } from './key.ts';
import { htpasswd, mailpitAuthValues } from './mailpit-auth.ts';
import { overview } from './overview.ts';
import { dockerConfigJson, dockerConfigJsonFrom } from './registry-auth.ts';
import { clientSecretOf, smtp2graphConfig } from './smtp2graph-config.ts';
import { recipientsFor, secretStates } from './state.ts';
import { isInstalled, sopsAt } from './tools.ts';
import { writeSecret } from './write.ts';

/** What the command needs to know of the program that it is part of. */
export interface SecretsContext {
  /** Folder of the repository, where `secrets/` and `.sops.yaml` lie. */
  readonly root: string;
  /** All environments, from validated settings. */
  environments(): Promise<readonly SecretsEnvironment[]>;
}

/** Exit codes: 0 all in place or done, 1 something is missing or stale, 2 could not run. */
const foundSomething = 1;
const couldNotRun = 2;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function findEnvironments(
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
  if (secret === undefined)
    throw new SecretsError(`${environment.name} needs no ${name} with its present settings`);
  return secret;
}

/** Makes one secret, from `values`, which is asked only once everything else is known to be there. */
async function make(
  context: SecretsContext,
  environmentName: string | undefined,
  name: SecretName,
  values: (environment: SecretsEnvironment) => Promise<Record<string, string>>,
): Promise<void> {
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
  print(`${done} ${path}, encrypted for ${recipients?.join(', ') ?? 'the keys in .sops.yaml'}`);
  print('Next: npm run synth, and commit both.');
}

/** The client secret that the environment has now, decrypted with the private key of whoever runs this. */
async function presentClientSecret(root: string, environment: SecretsEnvironment): Promise<string> {
  const state = secretStates(root, environment).find(({ name }) => name === 'smtp2graph-config');
  // Kept, an example value would lose the mark that it is one.
  const unusable = state?.findings.find(
    ({ code }) => code !== 'stale-settings' && code !== 'other-recipients',
  );
  if (state === undefined || unusable !== undefined) {
    throw new SecretsError(`nothing to keep: ${unusable?.message ?? 'smtp2graph does not deliver here'}`);
  }
  return clientSecretOf(await sopsAt(root).decryptKey(state.path, 'config.yml'));
}

/** RangeError is the word of the value checks; the prompts throw the last one on Ctrl-C. */
function isExpected(cause: unknown): boolean {
  return (
    cause instanceof SecretsError ||
    cause instanceof RangeError ||
    (cause instanceof Error && cause.name === 'ExitPromptError')
  );
}

/** Says what went wrong on standard error, without a stack. */
function reporting<Options>(
  action: (options: Options) => Promise<void>,
): (options: Options) => Promise<void> {
  return async (options) => {
    try {
      await action(options);
    } catch (cause) {
      if (!isExpected(cause)) throw cause;
      process.stderr.write(`secrets: ${messageOf(cause)}\n`);
      process.exitCode = couldNotRun;
    }
  };
}

interface EnvironmentOption {
  readonly env?: string;
}

/** The subcommand `secrets`: explains, and where `sops` is on the PATH makes, what an environment needs. */
export function secretsCommand(context: SecretsContext): Command {
  const command = new Command('secrets').description('explain, make and renew the SOPS-encrypted secrets');
  const withEnvironment = (name: string, description: string, isDefault = false): Command =>
    command
      .command(name, { isDefault })
      .description(description)
      .option('--env <name>', 'environment; not needed where there is one');

  withEnvironment(
    'list',
    'which secrets are needed, where they lie, which are missing or stale',
    true,
  ).action(
    reporting<EnvironmentOption>(async ({ env }) => {
      for (const environment of await findEnvironments(context, env)) {
        const states = secretStates(context.root, environment);
        print(overview(environment, states));
        if (states.some((state) => state.findings.length > 0)) process.exitCode = foundSomething;
      }
    }),
  );

  command
    .command('key')
    .description("make an age key and put it in the example's place in .sops.yaml")
    .option('--key-file <file>', 'where the private key is or shall be', defaultKeyFile())
    .action(
      reporting<{ keyFile: string }>(async ({ keyFile }) => {
        print(await setUpKey(context.root, keyFile));
      }),
    );

  withEnvironment('mailpit-auth', "who may open Mailpit's web UI")
    .option('--user <name>', 'user name', 'admin')
    .option('--password-file <file>', 'file with the password; - for standard input; asked for otherwise')
    .option(
      '--from-file <file>',
      'htpasswd file with bcrypt lines instead, for several users; - for standard input',
    )
    .action(
      reporting<EnvironmentOption & { user: string; passwordFile?: string; fromFile?: string }>(
        async (options) => {
          await make(context, options.env, 'mailpit-auth', async () => {
            if (options.fromFile !== undefined) return mailpitAuthValues(await readSource(options.fromFile));
            const password = await newPassword(
              options.passwordFile,
              '--password-file',
              `Password for ${options.user}`,
            );
            return mailpitAuthValues(await htpasswd(options.user, password));
          });
        },
      ),
    );

  withEnvironment('smtp2graph-config', 'the configuration of smtp2graph, with its client secret')
    .option(
      '--client-secret-file <file>',
      'file with the client secret; - for standard input; asked for otherwise',
    )
    .option('--keep', 'settings changed: keep the client secret of the present file (needs the private key)')
    .action(
      reporting<EnvironmentOption & { clientSecretFile?: string; keep?: true }>(async (options) => {
        await make(context, options.env, 'smtp2graph-config', async (environment) => {
          const { name, smtp2graph } = environment;
          if (smtp2graph === undefined) throw new SecretsError(`${name} does not deliver by smtp2graph`);
          const clientSecret = options.keep
            ? await presentClientSecret(context.root, environment)
            : await secretValue(
                options.clientSecretFile,
                '--client-secret-file',
                'Client secret of the app registration',
              );
          return { 'config.yml': smtp2graphConfig(smtp2graph, clientSecret) };
        });
      }),
    );

  withEnvironment('mx-validator-registry', 'the pull secret for our images')
    .option('--username <name>', 'user or token name; asked for otherwise')
    .option(
      '--password-file <file>',
      'file with the password or token; - for standard input; asked for otherwise',
    )
    .option('--from-file <file>', "Docker's config.json instead; - for standard input")
    .action(
      reporting<EnvironmentOption & { username?: string; passwordFile?: string; fromFile?: string }>(
        async (options) => {
          await make(
            context,
            options.env,
            'mx-validator-registry',
            async ({ name, pullSecretRegistry: registry }) => {
              if (registry === undefined) throw new SecretsError(`${name} pulls without a secret`);
              if (options.fromFile !== undefined) {
                return {
                  '.dockerconfigjson': dockerConfigJsonFrom(registry, await readSource(options.fromFile)),
                };
              }
              const username = await plainValue(options.username, '--username', `User name at ${registry}`);
              const password = await secretValue(
                options.passwordFile,
                '--password-file',
                `Password or token of ${username}`,
              );
              return { '.dockerconfigjson': dockerConfigJson(registry, username, password) };
            },
          );
        },
      ),
    );

  return command;
}
