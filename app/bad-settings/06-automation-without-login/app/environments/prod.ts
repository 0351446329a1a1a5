import { example } from '../../../../../test/example-settings.ts';

export default { ...example, git: { ...example.git, secret: 'none' } };
