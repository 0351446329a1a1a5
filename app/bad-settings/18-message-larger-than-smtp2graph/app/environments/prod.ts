import { example } from '../../../../../test/example-settings.ts';

export default {
  ...example,
  largestMessage: '25Mi',
  delivery: { kind: 'smtp2graph', tenant: 'contoso', clientId: '00000000-0000-0000-0000-000000000000' },
};
