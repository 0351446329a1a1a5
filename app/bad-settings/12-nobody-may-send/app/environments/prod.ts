import { example } from '../../../../../test/example-settings.ts';

export default { ...example, access: { smtp: [] } };
