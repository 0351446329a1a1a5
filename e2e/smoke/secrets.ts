import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

import { exampleRecipient } from '../../app/secrets/example-key.ts';
import { run } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';
import { git, withCheckout } from './checkout.ts';
import type { Report } from './report.ts';

const root = join(import.meta.dirname, '../..');
/** Why a step is left out in a fork. */
export const keyIsTheirs = 'left out: the secrets are encrypted for a key of your own';

/** Whether the secrets are those of the published repository, which everybody can open. */
export function usesExampleKey(): boolean {
  return readFileSync(join(root, '.sops.yaml'), 'utf8').includes(exampleRecipient);
}

const keyFile = join(root, 'test/fixtures/example.agekey');

/** One value of a Secret of the example, as the pod gets it. */
export async function decrypted(name: string, key: string, say: (line: string) => void): Promise<string> {
  const args = ['decrypt', '--extract', `["stringData"]["${key}"]`, `secrets/prod/${name}.enc.yaml`];
  return run(await tool('sops', say), args, { cwd: root, env: { SOPS_AGE_KEY_FILE: keyFile } });
}

/** The committed example secrets open with the published example key: sops itself says so, MAC included. */
export async function secretCases(report: Report, say: (line: string) => void): Promise<void> {
  const sops = await tool('sops', say);
  const files = globSync('secrets/**/*.enc.yaml', { cwd: root }).filter((file) =>
    // Files of a fork are encrypted for the key of its owner, which is none of our business.
    readFileSync(join(root, file), 'utf8').includes(exampleRecipient),
  );
  for (const file of files.toSorted()) {
    await report.case(`sops decrypts ${file} with the example key`, async () => {
      const text = await run(sops, ['decrypt', file], { cwd: root, env: { SOPS_AGE_KEY_FILE: keyFile } });
      const secret: unknown = parse(text);
      assert(typeof secret === 'object' && secret !== null && 'kind' in secret && !('sops' in secret));
      assert.equal(secret.kind, 'Secret');
    });
  }
}

/** The commands with which a user makes each secret: real sops, values from standard input, nothing in clear left behind. */
export async function newSecretCases(report: Report, say: (line: string) => void): Promise<void> {
  if (!usesExampleKey()) return say(keyIsTheirs);
  const folder = dirname(await tool('sops', say));
  const commands = {
    'mailpit-auth': ['--user', 'smoke', '--password-file', '-'],
    'outbox-credentials': ['--client-secret-file', '-'],
    'mx-validator-registry': ['--username', 'smoke', '--password-file', '-'],
  };
  await withCheckout(async (checkout) => {
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, SOPS_AGE_KEY_FILE: keyFile };
    const npm = (args: string[], input: string): void => {
      const { status, stderr } = spawnSync('npm', ['run', '-s', ...args], {
        cwd: checkout,
        env,
        input,
        encoding: 'utf8',
      });
      assert.equal(status, 0, `npm run ${args.join(' ')}: ${stderr}`);
    };
    for (const [name, flags] of Object.entries(commands)) {
      await report.case(`npm run secrets -- ${name} makes it anew`, async () => {
        const value = `smoke value of ${name}`;
        npm(['secrets', '--', name, ...flags], value);
        const file = `secrets/prod/${name}.enc.yaml`;
        assert.notEqual(await git(checkout, ['diff', '--', file]), '', 'the file is the old one');
        assert.equal(
          spawnSync('grep', ['-rlF', value, '--exclude-dir=node_modules', checkout]).status,
          1,
          'it is there in clear',
        );
        await run('sops', ['decrypt', file], {
          cwd: checkout,
          env: { PATH: env.PATH, SOPS_AGE_KEY_FILE: keyFile },
        });
      });
    }
    await report.case('synth takes them into dist/, byte for byte', async () => {
      npm(['synth'], '');
      const made = readFileSync(join(checkout, 'secrets/prod/mailpit-auth.enc.yaml'), 'utf8');
      assert.equal(
        readFileSync(join(checkout, 'dist/k8s/prod/10-secret-mailpit-auth.enc.yaml'), 'utf8'),
        made,
      );
    });
  });
}
