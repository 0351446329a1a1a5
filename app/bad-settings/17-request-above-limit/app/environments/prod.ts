import { example } from '../../../../../test/example-settings.ts';

export default { ...example, resources: { mailpit: { requests: { memory: '1Gi' } } } };
