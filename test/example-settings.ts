import { defineEnvironment } from '../app/settings.ts';

/** Settings for tests: those of prod in the published repository. A fork changes its prod.ts, and no test minds. */
export const example = defineEnvironment({
  cluster: { name: 'my-cluster' },
  git: { url: 'https://git.example.local/your-org/email-relay.git' },
  registry: { prefix: 'registry.example.local/your-org' },
  access: { smtp: ['cal-com'], metrics: ['monitoring'], ui: ['ingress-nginx'] },
  senders: ['booking@example.com'],
  stripCalendarFor: ['organizer@example.com'],
  delivery: {
    kind: 'outbox',
    transport: {
      kind: 'graph',
      tenant: '00000000-0000-0000-0000-000000000000',
      clientId: '00000000-0000-0000-0000-000000000000',
    },
  },
});
