import { example } from '../../../../../test/example-settings.ts';

export default { ...example, delivery: { transport: { kind: 'smtp', host: 'smtp.example.net' } } };
