import {
  credentialKeysOf,
  credentialOwnerHash,
  credentialPurpose,
  type OutboxTransport,
} from './outbox-credentials.ts';
import { smtp2graphSettingsHash } from './smtp2graph-config.ts';
import type { Smtp2graphSettings } from './smtp2graph-config.ts';

/** What the secrets of an environment depend on. */
export interface SecretsEnvironment {
  readonly name: string;
  readonly namespace: string;
  /** True while the settings are the published example: only then may secrets be encrypted for its public key. */
  readonly example: boolean;
  /** Set where outbox delivers. */
  readonly outbox?: OutboxTransport | undefined;
  /** Set where smtp2graph delivers. */
  readonly smtp2graph?: Smtp2graphSettings | undefined;
  /** Host of the registry that needs a pull secret; absent where none does. */
  readonly pullSecretRegistry?: string | undefined;
}

export type SecretName =
  'mailpit-auth' | 'mx-validator-registry' | 'outbox-credentials' | 'smtp2graph-config';

/** One Secret that an environment needs. */
export interface NeededSecret {
  readonly name: SecretName;
  readonly namespace: string;
  readonly type: 'Opaque' | 'kubernetes.io/dockerconfigjson';
  /** Every key that it must hold, no more. */
  readonly keys: readonly string[];
  readonly purpose: string;
  /** Hash of the settings that went into it, kept beside it in clear; absent where none do. */
  readonly settingsSha256?: string;
  /** Whether other settings leave the value as it is: `--keep` then makes the file anew with it. */
  readonly keepsValue?: boolean;
}

/** Annotation: the hash of the settings that an encrypted value was made from. */
export const settingsAnnotation = 'email-relay/settings-sha256';

/** Annotation: made for the example key, so to be replaced, also after its recipients were changed. */
export const exampleAnnotation = 'email-relay/example-values';

/** The secrets that an environment needs, in the order in which they are rendered. */
export function neededSecrets(environment: SecretsEnvironment): readonly NeededSecret[] {
  const { namespace, outbox, smtp2graph, pullSecretRegistry } = environment;
  const credentialKeys = outbox === undefined ? [] : credentialKeysOf(outbox);
  return [
    {
      name: 'mailpit-auth',
      namespace,
      type: 'Opaque',
      keys: ['auth', 'send-api-auth'],
      purpose: "who may open Mailpit's web UI and API (nobody may send through it)",
    },
    ...(pullSecretRegistry === undefined
      ? []
      : [
          {
            name: 'mx-validator-registry',
            namespace,
            type: 'kubernetes.io/dockerconfigjson',
            keys: ['.dockerconfigjson'],
            purpose: `pulls our images from ${pullSecretRegistry}`,
          } as const,
        ]),
    ...(outbox === undefined || credentialKeys.length === 0
      ? []
      : [
          {
            name: 'outbox-credentials',
            namespace,
            type: 'Opaque',
            keys: credentialKeys,
            purpose: credentialPurpose(outbox),
            settingsSha256: credentialOwnerHash(outbox),
          } as const,
        ]),
    ...(smtp2graph === undefined
      ? []
      : [
          {
            name: 'smtp2graph-config',
            namespace,
            type: 'Opaque',
            keys: ['config.yml'],
            purpose: 'sends through Microsoft Graph: settings and the client secret of the app registration',
            settingsSha256: smtp2graphSettingsHash(smtp2graph),
            keepsValue: true,
          } as const,
        ]),
  ];
}

/** Where a secret's source lies, relative to the repository, with `/`. */
export function secretPath(environment: string, name: SecretName): string {
  return `secrets/${environment}/${name}.enc.yaml`;
}

/** The command that makes or replaces a secret. */
export function secretCommandLine(environment: string, name: SecretName): string {
  return `npm run secrets -- ${name} --env ${environment}`;
}
