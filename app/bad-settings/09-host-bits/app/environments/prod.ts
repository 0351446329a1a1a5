import { example } from '../../../../../test/example-settings.ts';

export default { ...example, dns: { cidrs: ['169.254.20.10/24'], ports: [70000] } };
