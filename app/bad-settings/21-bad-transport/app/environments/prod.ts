import { example } from '../../../../../test/example-settings.ts';

export default {
  ...example,
  delivery: {
    transport: {
      kind: 'graph',
      tenant: 'contoso.onmicrosoft.com',
      clientId: 'email-relay',
      graphUrl: 'https://graph.microsoft.com/v1.0',
      proxy: { url: 'http://user:password@proxy.example.com:3128', networks: [] },
      largeMessages: 'split',
    },
    retry: { maxAge: '48 hours' },
  },
};
