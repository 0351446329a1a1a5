import { example } from '../../../../../test/example-settings.ts';

export default { ...example, git: { url: 'https://bot:token@git.example.local/your-org/email-relay.git' } };
