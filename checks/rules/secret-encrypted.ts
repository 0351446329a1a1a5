import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

const KEY_SERVICES = ['age', 'pgp', 'kms', 'gcp_kms', 'azure_kv', 'hc_vault'];

/** What sops writes in place of a value (aes/cipher.go). */
function isCiphertext({ text }: Field): boolean {
  return text !== undefined && /^ENC\[AES256_GCM,data:[^,]*,iv:[^,]+,tag:[^,]+,type:\w+\]$/.test(text);
}

function covers(pattern: Field, key: string): boolean {
  try {
    return pattern.text !== undefined && new RegExp(pattern.text).test(key);
  } catch {
    return false;
  }
}

export const secretEncrypted: Rule = {
  id: 'secret-encrypted',
  reason: 'Git keeps a secret for ever, and everyone who reads the repository reads it.',
  remedy: 'Encrypt the file: sops encrypt --encrypted-regex "^(data|stringData)$" --age <recipient>.',
  reference: 'https://fluxcd.io/flux/guides/mozilla-sops/',
  *check(tree) {
    for (const secret of tree.of('Secret')) {
      for (const part of ['data', 'stringData']) {
        for (const [key, value] of secret.at(part).entries()) {
          if (!isCiphertext(value)) yield { at: value, message: `${part}.${key} is in clear` };
        }
      }
      const sops = secret.at('sops');
      if (!sops.exists) {
        yield { at: sops, message: 'the Secret is not encrypted with SOPS' };
        continue;
      }
      if (KEY_SERVICES.every((service) => sops.at(service).items().length === 0)) {
        yield { at: sops, message: 'the file has no recipient, so nobody can decrypt it' };
      }
      if (Number.isNaN(Date.parse(sops.at('lastmodified').text ?? ''))) {
        yield {
          at: sops.at('lastmodified'),
          message: 'sops decrypts no file without the time of its last change',
        };
      }
      const pattern = sops.at('encrypted_regex');
      if (!covers(pattern, 'data') || !covers(pattern, 'stringData')) {
        yield {
          at: pattern,
          message: 'encrypted_regex does not cover data and stringData: the next edit may leave one in clear',
        };
      }
      if (!isCiphertext(sops.at('mac'))) {
        yield {
          at: sops.at('mac'),
          message: 'the file has no authentication code, so a change to it goes unnoticed',
        };
      }
    }
  },
};
