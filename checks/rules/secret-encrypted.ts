import type { Field } from '../field.ts';
import type { Rule } from '../rule.ts';

const KEY_SERVICES = ['age', 'pgp', 'kms', 'gcp_kms', 'azure_kv', 'hc_vault'];

/** What sops writes about a file (stores/stores.go). */
const METADATA = [
  ...KEY_SERVICES,
  'encrypted_comment_regex',
  'encrypted_regex',
  'encrypted_suffix',
  'key_groups',
  'lastmodified',
  'mac',
  'mac_only_encrypted',
  'shamir_threshold',
  'unencrypted_comment_regex',
  'unencrypted_regex',
  'unencrypted_suffix',
  'version',
];

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

/** Kinds of Secrets that hold a token of the cluster's own, or nothing secret. */
const NO_SECRET = ['kubernetes.io/service-account-token', 'helm.sh/release.v1'];

/** Keys whose values somebody can read, and that are no placeholder. */
function plainValues(secret: Field): readonly string[] {
  if (NO_SECRET.includes(secret.at('type').text ?? '')) return [];
  return ['data', 'stringData'].flatMap((part) =>
    secret
      .at(part)
      .entries()
      .filter(([, value]) => value.text !== undefined && value.text !== '' && !isCiphertext(value))
      .filter(([, { text = '' }]) => !PLACEHOLDER.test(text))
      .map(([key]) => `${part}.${key}`),
  );
}

/** A variable, a template, a path of a secret store, or a word that asks to be replaced. */
const PLACEHOLDER =
  /\$\{|\{\{|\$\(|<[^>]+>|^(vault|ref\+)\S*:|change[-_ ]?me|replace|your[-_ ]|example|placeholder|^x+$|^\.\.\.$/i;

export const secretEncrypted: Rule = {
  id: 'secret-encrypted',
  reason: 'Git keeps a secret for ever, and everyone who reads the repository reads it.',
  remedy: 'Encrypt the file: sops encrypt --encrypted-regex "^(data|stringData)$" --age <recipient>.',
  reference: 'https://fluxcd.io/flux/guides/mozilla-sops/',
  *check(tree) {
    for (const secret of tree.of('Secret')) {
      if (!tree.complete) {
        // Elsewhere a placeholder, or a value that somebody else fills in, is as good as none.
        const clear = plainValues(secret);
        if (clear.length > 0) {
          const message = `${clear.join(', ')} ${clear.length === 1 ? 'is' : 'are'} in clear`;
          yield {
            at: secret.at(secret.at('data').exists ? 'data' : 'stringData'),
            message,
            severity: tree.doubt,
          };
        }
        continue;
      }
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
      for (const [key, field] of sops.entries()) {
        if (!METADATA.includes(key)) yield { at: field, message: `sops writes no ${key}` };
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
