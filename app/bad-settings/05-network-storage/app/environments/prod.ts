import { example } from '../../../../../test/example-settings.ts';

export default { ...example, storage: { class: 'nfs-client' } };
