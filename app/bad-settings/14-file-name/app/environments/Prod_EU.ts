export { default } from '../../../../environments/prod.ts';
