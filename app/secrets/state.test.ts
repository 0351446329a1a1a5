import { describe, expect, it } from '@jest/globals';
import { neededSecrets } from './catalog.ts';
import type { NeededSecret, SecretName, SecretsEnvironment } from './catalog.ts';
import { exampleRecipient } from './example-key.ts';
import { secretManifest } from './manifest.ts';
import { overview } from './overview.ts';
import { sopsStandIn } from './sops-stand-in.ts';
import { inspectSecret } from './state.ts';

const own = 'age1own';
const environment: SecretsEnvironment = {
  name: 'prod',
  namespace: 'email-relay',
  example: false,
  pullSecretRegistry: 'registry.example.local',
  smtp2graph: { tenant: 'contoso', clientId: 'id', allowedFrom: [], maxMessageBytes: 1024 },
};

function needed(name: SecretName, of = environment): NeededSecret {
  const found = neededSecrets(of).find((secret) => secret.name === name);
  if (found === undefined) throw new Error(`${name} is not needed`);
  return found;
}

/** A good file, as SOPS would leave it. */
function file(secret: NeededSecret, recipients: readonly string[] = [own], example = false): string {
  const values = Object.fromEntries(secret.keys.map((key) => [key, 'value']));
  return sopsStandIn(secretManifest(secret, values, example), recipients);
}

const config = needed('smtp2graph-config');
const inspect = (text: string | undefined, of = environment, recipients: readonly string[] = [own]) =>
  inspectSecret(text, config, of, recipients).map(({ severity, code }) => `${severity} ${code}`);

function names(of: SecretsEnvironment): readonly SecretName[] {
  return neededSecrets(of).map((secret) => secret.name);
}

describe('neededSecrets', () => {
  it('follows the settings', () => {
    expect(names(environment)).toEqual(['mailpit-auth', 'mx-validator-registry', 'smtp2graph-config']);
    expect(names({ ...environment, pullSecretRegistry: undefined, smtp2graph: undefined })).toEqual([
      'mailpit-auth',
    ]);
  });
});

describe('inspectSecret', () => {
  it('finds nothing in a good file', () => {
    for (const secret of neededSecrets(environment)) {
      expect(inspectSecret(file(secret), secret, environment, [own])).toEqual([]);
    }
  });

  it.each<[string, (good: string) => string | undefined, string]>([
    ['no file', () => undefined, 'error missing'],
    ['no YAML', () => '{', 'error unreadable'],
    ['a file that SOPS never saw', (good) => good.replace(/^sops:[^]*/m, ''), 'error clear-text'],
    [
      'one value in clear',
      (good) => good.replace(/config.yml: .*/, 'config.yml: hunter2'),
      'error clear-text',
    ],
    ['another key', (good) => good.replace('config.yml:', 'config.yaml:'), 'error wrong-object'],
    [
      'another namespace',
      (good) => good.replace('namespace: email-relay', 'namespace: x'),
      'error wrong-object',
    ],
    ['another type', (good) => good.replace('type: Opaque', 'type: x/y'), 'error wrong-object'],
    ['older settings', (good) => good.replace(/(settings-sha256: ).*/, '$1abc'), 'warning stale-settings'],
    [
      'settings that nobody noted',
      (good) => good.replace(/ +email-relay\/settings.*\n/, ''),
      'warning stale-settings',
    ],
    ['keys of a colleague who left', (good) => good.replace(own, 'age1left'), 'warning other-recipients'],
  ])('finds %s', (_, change, finding) => {
    expect(inspect(change(file(config)))).toContain(finding);
  });

  it('finds a file that nobody can decrypt', () => {
    expect(inspect(file(config, []), environment, [])).toEqual(['error no-recipients']);
  });

  it('minds the example key everywhere but in the example', () => {
    const text = file(config, [exampleRecipient], true);
    const example = { ...environment, example: true };
    expect(inspect(text, example, [exampleRecipient])).toEqual([]);
    expect(inspect(text, environment, [exampleRecipient])).toEqual(['warning example-key']);
    expect(inspect(text, example, [own])).toEqual(['warning example-key']);
  });

  it('minds example values also after sops updatekeys gave them to another key', () => {
    expect(inspect(file(config, [own], true))).toEqual(['warning example-key']);
  });
});

it('tells a person what is there, what is not, and what to run', () => {
  const states = neededSecrets(environment).map((secret, index) => {
    const text = [undefined, file(secret), file(secret).replace(/(sha256: ).*/, '$1abc')][index];
    const path = `secrets/prod/${secret.name}.enc.yaml`;
    return {
      name: secret.name,
      path,
      secret,
      text,
      findings: inspectSecret(text, secret, environment, [own]),
    };
  });
  expect(overview(environment, states)).toBe(`Secrets of prod, namespace email-relay: 2 to look after

mailpit-auth: MISSING
  for   who may open Mailpit's web UI and API (nobody may send through it)
  file  secrets/prod/mailpit-auth.enc.yaml
  make  npm run secrets -- mailpit-auth --env prod

mx-validator-registry: ok
  for   pulls our images from registry.example.local
  file  secrets/prod/mx-validator-registry.enc.yaml
  renew npm run secrets -- mx-validator-registry --env prod

smtp2graph-config: STALE
  for   sends through Microsoft Graph: settings and the client secret of the app registration
  file  secrets/prod/smtp2graph-config.enc.yaml
  !     secrets/prod/smtp2graph-config.enc.yaml was made from other settings than those of today
  run   npm run secrets -- smtp2graph-config --env prod --keep
  renew npm run secrets -- smtp2graph-config --env prod

Made elsewhere, in the cluster (docs/secrets.md): sops-age, email-relay-git, registry access of ImageRepository`);
});
