import { example } from '../../../../../test/example-settings.ts';

// Each value alone is well-formed; the program itself refuses them together.
export default {
  ...example,
  delivery: {
    transport: {
      kind: 'graph',
      tenant: 'contoso.onmicrosoft.com',
      clientId: '00000000-0000-0000-0000-000000000000',
      credential: 'certificate',
      clientSecretExpires: '2027-05-31',
    },
    retry: { unknown: '5s' },
  },
};
