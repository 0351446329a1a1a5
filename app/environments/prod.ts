/**
 * The environment `prod`: edit this file, then run `npm run synth` and commit `dist/` with it.
 * Every setting, its default and the reason for it: docs/settings.md.
 */
import { defineEnvironment } from '../settings.ts';

export default defineEnvironment({
  cluster: { name: 'my-cluster' },
  git: { url: 'https://git.example.local/your-org/email-relay.git' },
  registry: { prefix: 'registry.example.local/your-org' },

  access: {
    smtp: ['cal-com'],
    metrics: ['monitoring'],
    ui: ['ingress-nginx'],
  },

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
