import { example } from '../../../../../test/example-settings.ts';

export default { ...example, largestMessage: '25Mi' };
