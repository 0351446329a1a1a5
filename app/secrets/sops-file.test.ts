import { describe, expect, it } from '@jest/globals';
import { readSopsFile } from './sops-file.ts';

const sealed = 'ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]';

function secret(lines: string): string {
  return `apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  namespace: b\n${lines}`;
}

describe('readSopsFile', () => {
  it('tells what SOPS leaves readable', () => {
    const text = secret(
      `type: Opaque\nstringData:\n  key: ${sealed}\nsops:\n  age:\n    - recipient: age1b\n    - recipient: age1a\n  pgp: []\n  kms: null\n  encrypted_regex: ^(data|stringData)$\n`,
    );
    expect(readSopsFile(text)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      name: 'a',
      namespace: 'b',
      annotations: {},
      type: 'Opaque',
      entries: [{ field: 'stringData', key: 'key', encrypted: true }],
      sops: {
        ageRecipients: ['age1a', 'age1b'],
        hasOtherKeys: false,
        encryptedRegex: '^(data|stringData)$',
      },
    });
  });

  it.each([
    ['a plain value', 'hunter2'],
    ['base64', 'aHVudGVyMg=='],
    ['an empty string, which SOPS leaves alone', '""'],
    ['a number', '25'],
    ['a value that only mentions the form', `"not ${sealed}"`],
  ])('sees %s below data as clear', (_, value) => {
    expect(readSopsFile(secret(`data:\n  key: ${value}\n`)).entries).toEqual([
      { field: 'data', key: 'key', encrypted: false },
    ]);
  });

  it('knows a file that a cloud key can decrypt', () => {
    expect(readSopsFile(secret('sops:\n  azure_kv:\n    - name: k\n')).sops?.hasOtherKeys).toBe(true);
  });

  it('never quotes a file that it cannot read', () => {
    expect(() => readSopsFile('password: "hunter2')).toThrow(/^is not valid YAML$/);
    expect(() => readSopsFile('hunter2')).toThrow(/^is not a SOPS-encrypted Secret: the document missing/);
    expect(() => readSopsFile('apiVersion: v1\nkind: Secret\n')).toThrow(/: metadata missing/);
  });
});
