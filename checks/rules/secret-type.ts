import type { Rule } from '../rule.ts';

/** Types that the API server knows, and the keys that it asks for. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  Opaque: [],
  'kubernetes.io/basic-auth': [],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/service-account-token': [],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

export const secretType: Rule = {
  id: 'secret-type',
  reason:
    'The API server refuses a Secret of a known type without its key, and takes any unknown type for good.',
  remedy: 'Use Opaque, or a type of kubernetes.io with the key that it is for.',
  reference: 'https://kubernetes.io/docs/concepts/configuration/secret/#secret-types',
  *check(tree) {
    for (const secret of tree.of('Secret')) {
      const type = secret.at('type');
      if (type.text === undefined || type.text.includes('${')) continue;
      const keys = KEYS[type.text];
      if (keys === undefined) {
        // Others may have types of their own, with a domain in front.
        if (tree.complete || !type.text.includes('/'))
          yield { at: type, message: `there is no type ${type.text}`, severity: tree.doubt };
        continue;
      }
      for (const key of keys) {
        const isThere = ['data', 'stringData'].some((part) => secret.at(part, key).exists);
        if (!isThere)
          yield {
            at: secret.at('data'),
            message: `a Secret of type ${type.text} has a key ${key}`,
            severity: tree.doubt,
          };
      }
    }
  },
};
