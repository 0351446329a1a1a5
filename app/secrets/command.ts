import { Command, Option } from 'commander';
import type { SecretName, SecretsEnvironment } from './catalog.ts';
import { SecretsError, messageOf } from './errors.ts';
import { defaultKeyFile, setUpKey } from './key.ts';
import { findEnvironments, makeSecret } from './make.ts';
import type { SecretsContext } from './make.ts';
import { overview } from './overview.ts';
import { secretStates } from './state.ts';
import { mailpitAuthFrom, outboxFrom, registryFrom, smtp2graphFrom } from './values.ts';
import type {
  MailpitAuthOptions,
  OutboxOptions,
  RegistryOptions,
  Smtp2graphOptions,
  Values,
} from './values.ts';

/** Exit codes: 0 all in place or done, 1 something is missing or stale, 2 could not run. */
const foundSomething = 1;
const couldNotRun = 2;

interface EnvironmentOption {
  readonly env?: string;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
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

/** A subcommand that makes one secret from its options. */
function making<Options extends EnvironmentOption>(
  context: SecretsContext,
  name: SecretName,
  values: (options: Options, environment: SecretsEnvironment) => Promise<Values>,
): (options: Options) => Promise<void> {
  return reporting(async (options) => {
    print(await makeSecret(context, options.env, name, (environment) => values(options, environment)));
  });
}

/** The subcommand `secrets`: explains, and where `sops` is on the PATH makes, what an environment needs. */
export function secretsCommand(context: SecretsContext): Command {
  const secrets = new Command('secrets').description('explain, make and renew the SOPS-encrypted secrets');
  const subcommand = (name: string, description: string, isDefault = false): Command =>
    secrets
      .command(name, { isDefault })
      .description(description)
      .option('--env <name>', 'environment; not needed where there is one');

  subcommand('list', 'which secrets are needed, which are missing or stale, and what to run', true).action(
    reporting<EnvironmentOption>(async ({ env }) => {
      for (const environment of await findEnvironments(context, env)) {
        const states = secretStates(context.root, environment);
        print(overview(environment, states));
        if (states.some((state) => state.findings.length > 0)) process.exitCode = foundSomething;
      }
    }),
  );

  secrets
    .command('key')
    .description("make an age key, and put its public half in the example's place in .sops.yaml")
    .option('--key-file <file>', 'where the private key is or shall be', defaultKeyFile())
    .action(
      reporting<{ keyFile: string }>(async ({ keyFile }) => print(await setUpKey(context.root, keyFile))),
    );

  subcommand('mailpit-auth', "who may open Mailpit's web UI")
    .option('--user <name>', 'user name', 'admin')
    .option('--password-file <file>', 'with the password; - is standard input; asked for otherwise')
    .addOption(
      new Option('--from-file <file>', 'htpasswd file of several users instead').conflicts('passwordFile'),
    )
    .action(making<EnvironmentOption & MailpitAuthOptions>(context, 'mailpit-auth', mailpitAuthFrom));

  subcommand('outbox-credentials', 'what outbox logs in with, as the settings say')
    .option('--client-secret-file <file>', 'with the client secret; - is standard input; asked for otherwise')
    .option('--password-file <file>', "with a smarthost's password; the same")
    .option('--certificate-file <file>', 'with the certificate, PEM')
    .option('--private-key-file <file>', 'with its private key, PEM without a passphrase')
    .action(making<EnvironmentOption & OutboxOptions>(context, 'outbox-credentials', outboxFrom));

  subcommand('smtp2graph-config', 'the configuration of smtp2graph, with its client secret')
    .option('--client-secret-file <file>', 'with the client secret; - is standard input; asked for otherwise')
    .addOption(
      new Option('--keep', 'keep the client secret of the present file (needs the private key)').conflicts(
        'clientSecretFile',
      ),
    )
    .action(
      making<EnvironmentOption & Smtp2graphOptions>(context, 'smtp2graph-config', (options, environment) =>
        smtp2graphFrom(options, environment, context.root),
      ),
    );

  subcommand('mx-validator-registry', 'the pull secret for our images')
    .option('--username <name>', 'user or token name; asked for otherwise')
    .option('--password-file <file>', 'with the password or token; - is standard input; asked for otherwise')
    .addOption(
      new Option('--from-file <file>', "Docker's config.json instead").conflicts([
        'username',
        'passwordFile',
      ]),
    )
    .action(making<EnvironmentOption & RegistryOptions>(context, 'mx-validator-registry', registryFrom));

  return secrets;
}
