import { example } from '../../../../../test/example-settings.ts';

// What smtp2graph took, without its kind: outbox is the default.
export default { ...example, delivery: { tenant: 'contoso', retryLimit: 3 } };
