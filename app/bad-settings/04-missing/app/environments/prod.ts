import { example } from '../../../../../test/example-settings.ts';

export default { ...example, senders: undefined, git: undefined };
