import { expect, it } from '@jest/globals';
import { smarthostSchema } from '../smarthost/config.ts';
import { graphSchema } from './config.ts';

const graph = {
  kind: 'graph',
  tenant: 'contoso.onmicrosoft.com',
  clientId: 'c',
  clientSecret: { file: '/s' },
};
const smarthost = { kind: 'smarthost', host: 'smtp.example.com' };

const problems = (schema: typeof graphSchema | typeof smarthostSchema, value: object): string[] =>
  (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);

it('takes the least that works, and says what is wrong where', () => {
  expect(problems(graphSchema, graph)).toEqual([]);
  expect(problems(graphSchema, { ...graph, clientSecret: undefined })).toEqual([
    'clientSecret: expected exactly one of clientSecret and certificate',
  ]);
  expect(problems(graphSchema, { ...graph, loginUrl: 'http://login.example' })).toHaveLength(1);
  expect(problems(graphSchema, { ...graph, saveToSentItems: false })).toEqual([
    'saveToSentItems: works only for drafts: set largeMessages to draft, or leave it out (MIME sends always save)',
  ]);
  expect(problems(smarthostSchema, smarthost)).toEqual([]);
  expect(problems(smarthostSchema, { ...smarthost, tls: 'none', user: 'u', password: 'p' })).toEqual([
    'tls: a login needs TLS: starttls or implicit',
  ]);
});
