import prod from '../../../../environments/prod.ts';

export default { ...prod, git: { url: 'https://bot:token@git.example.local/your-org/email-relay.git' } };
