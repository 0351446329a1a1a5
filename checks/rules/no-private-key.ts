import type { Rule } from '../rule.ts';

const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1/;

export const noPrivateKey: Rule = {
  id: 'no-private-key',
  reason:
    'A private key in a ConfigMap, an annotation or an argument is public to all who read the repository.',
  remedy: 'Keep it in a Secret that SOPS encrypts, and make a new key: this one is burnt.',
  reference: 'https://www.rfc-editor.org/rfc/rfc7468#section-10',
  *check(tree) {
    for (const root of tree.roots) {
      if (!KEY.test(JSON.stringify(root.value))) continue;
      for (const field of root.scalars()) {
        if (field.text !== undefined && KEY.test(field.text))
          yield { at: field, message: 'a private key in clear', severity: tree.doubt };
      }
    }
  },
};
