import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NeededSecret } from './catalog.ts';
import { exampleRecipient } from './example-key.ts';
import { sopsStandIn } from './sops-stand-in.ts';
import { readSopsFile } from './sops-file.ts';
import { writeSecret } from './write.ts';
import type { SecretToWrite } from './write.ts';

const environment = { name: 'prod', namespace: 'email-relay', example: false };
const secret: NeededSecret = {
  name: 'mailpit-auth',
  namespace: 'email-relay',
  type: 'Opaque',
  keys: ['auth', 'send-api-auth'],
  purpose: 'a test',
};
const folder = 'secrets/prod';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'secrets-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(changes: Partial<SecretToWrite> = {}): Promise<'created' | 'replaced'> {
  return writeSecret({
    root,
    environment,
    secret,
    recipients: ['age1own'],
    values: () => Promise.resolve({ auth: 'hunter2', 'send-api-auth': 'hunter3' }),
    encrypt: (plaintext) => Promise.resolve(sopsStandIn(plaintext, ['age1own'])),
    ...changes,
  });
}

describe('writeSecret', () => {
  it('puts the ciphertext in its place, and nothing else', async () => {
    expect(await write()).toBe('created');
    expect(await write()).toBe('replaced');
    expect(readdirSync(join(root, folder))).toEqual(['mailpit-auth.enc.yaml']);
    expect(readFileSync(join(root, folder, 'mailpit-auth.enc.yaml'), 'utf8')).not.toMatch(/hunter/);
  });

  it('keeps the old file when the encryption gives the plaintext back', async () => {
    await write();
    const before = readFileSync(join(root, folder, 'mailpit-auth.enc.yaml'), 'utf8');
    await expect(write({ encrypt: (plaintext) => Promise.resolve(plaintext) })).rejects.toThrow(
      /is not encrypted/,
    );
    expect(readdirSync(join(root, folder))).toEqual(['mailpit-auth.enc.yaml']);
    expect(readFileSync(join(root, folder, 'mailpit-auth.enc.yaml'), 'utf8')).toBe(before);
  });

  it('refuses to encrypt for other keys than .sops.yaml names', async () => {
    await expect(write({ recipients: ['age1new'] })).rejects.toThrow(/\.sops\.yaml names age1new/);
    expect(readdirSync(root)).toEqual([]);
  });

  it('asks for no real value while .sops.yaml names the example key', async () => {
    const asked = write({
      recipients: [exampleRecipient],
      values: () => Promise.reject(new Error('asked for a value')),
    });
    await expect(asked).rejects.toThrow(/npm run secrets -- key/);
  });

  it('marks the values of the example as such', async () => {
    await write({
      environment: { ...environment, example: true },
      recipients: [exampleRecipient],
      encrypt: (plaintext) => Promise.resolve(sopsStandIn(plaintext, [exampleRecipient])),
    });
    const text = readFileSync(join(root, folder, 'mailpit-auth.enc.yaml'), 'utf8');
    expect(readSopsFile(text).annotations).toEqual({ 'email-relay/example-values': 'true' });
  });
});
