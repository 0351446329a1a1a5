import { example } from '../../../../../test/example-settings.ts';

export default {
  ...example,
  storage: { mailpit: '5 GB' },
  resources: { mailpit: { limits: { memory: 512 } } },
};
