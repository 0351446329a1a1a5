import { credentialKeys } from '../../relay-src/outbox/contract.ts';
import { secretPath } from './catalog.ts';
import type { NeededSecret, SecretsEnvironment } from './catalog.ts';
import { secretManifest } from './manifest.ts';
import { smtp2graphConfig } from './smtp2graph-config.ts';
import { installHelp } from './tools.ts';

/** What a person puts under one key of a Secret, told in its place. */
function placeholder(environment: SecretsEnvironment, key: string): string {
  switch (key) {
    case 'auth':
      return '<output of: htpasswd -nB YOUR-USER>\n';
    case 'send-api-auth':
      return '<output of: openssl rand -base64 30 | htpasswd -niB nobody>\n';
    case credentialKeys.clientSecret:
      return '<client secret of the app registration>';
    case credentialKeys.certificate:
      return '<certificate, PEM>\n';
    case credentialKeys.privateKey:
      return '<its private key, PEM>\n';
    case credentialKeys.password:
      return '<password>';
    case 'config.yml':
      return environment.smtp2graph === undefined
        ? ''
        : smtp2graphConfig(environment.smtp2graph, '<client secret>');
    default:
      return `<{"auths":{"${environment.pullSecretRegistry ?? ''}":{"auth":"base64 of USER:PASSWORD"}}}>`;
  }
}

/** What to do where SOPS is absent: install it, or take the Secret's shape to a machine that has it. */
export function byHand(environment: SecretsEnvironment, secret: NeededSecret): string {
  const placeholders = Object.fromEntries(secret.keys.map((key) => [key, placeholder(environment, key)]));
  return [
    installHelp.sops,
    '',
    'Then run this command again. Or, on a machine with sops and a clone of this repository:',
    `  sops edit ${secretPath(environment.name, secret.name)}`,
    '(remove an old file first that you cannot read) and save this there with your values for <...>:',
    '',
    secretManifest(secret, placeholders, false),
  ].join('\n');
}
