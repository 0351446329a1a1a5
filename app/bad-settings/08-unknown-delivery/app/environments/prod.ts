import { example } from '../../../../../test/example-settings.ts';

export default { ...example, delivery: { kind: 'sendmail' } };
