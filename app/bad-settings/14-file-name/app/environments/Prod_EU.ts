export { example as default } from '../../../../../test/example-settings.ts';
