import { example } from '../../../../../test/example-settings.ts';

export default { ...example, storage: { clas: 'local-path' } };
