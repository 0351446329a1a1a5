import { example } from '../../../../../test/example-settings.ts';

export default {
  ...example,
  delivery: { transport: { kind: 'smarthost', host: 'smtp.example.net', port: 25 } },
};
