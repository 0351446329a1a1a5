import { dirname } from 'node:path/posix';
import { foldersOf } from '../flux.ts';
import type { Rule } from '../rule.ts';

/** Made once by the user, as docs/secrets.md says. */
const KEY = 'sops-age';

export const fluxDecryption: Rule = {
  id: 'flux-decryption',
  reason: 'An encrypted file that is applied as it is gets refused by the API server, with all beside it.',
  remedy:
    'Set decryption: { provider: sops, secretRef: { name: sops-age } } where a folder holds SOPS files.',
  reference: 'https://fluxcd.io/flux/components/kustomize/kustomizations/#decryption',
  *check(tree) {
    const patched = tree
      .of('kustomize.toolkit.fluxcd.io/Kustomization')
      .some((root) => root.at('spec', 'patches').exists);
    // A parent often patches decryption into all that it applies.
    if (!tree.complete && patched) return;
    const encrypted = tree.roots.filter((root) => root.at('sops').exists);
    for (const { kustomization, folder } of foldersOf(tree)) {
      const found = encrypted.find((root) => dirname(root.document.file) === folder);
      if (found === undefined) continue;
      const name = kustomization.at('spec', 'decryption', 'secretRef', 'name');
      if (tree.complete && name.exists && name.value !== KEY) {
        yield { at: name, message: `the handbook makes the Secret ${KEY}, not ${String(name.value)}` };
      }
      const decryption = kustomization.at('spec', 'decryption');
      if (decryption.at('provider').value !== 'sops' || !decryption.at('secretRef', 'name').exists) {
        yield {
          at: decryption,
          message: `${found.document.file} is encrypted, and nothing says how to decrypt it`,
          severity: tree.doubt,
        };
      }
    }
  },
};
