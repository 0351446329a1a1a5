import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { certificates } from '../../relay-src/testing/fake-graph/server.ts';
import {
  certificateValues,
  credentialKeysOf,
  credentialOwnerHash,
  type OutboxTransport,
} from './outbox-credentials.ts';
import { delivery } from '../delivery-settings.ts';

const account = { tenant: 'contoso.onmicrosoft.com', clientId: '00000000-0000-0000-0000-000000000000' };

function transport(said: object): OutboxTransport {
  const parsed = delivery.parse({ transport: said });
  if (parsed.kind !== 'outbox') throw new Error('not outbox');
  return parsed.transport;
}

const graph = { kind: 'graph', ...account };
const smarthost = { kind: 'smarthost', host: 'smtp.example.net' };

describe('credentialKeysOf', () => {
  it.each([
    [graph, ['client-secret']],
    [{ ...graph, credential: 'certificate' }, ['certificate', 'private-key']],
    [{ ...smarthost, login: { kind: 'password', user: 'relay' } }, ['password']],
    [{ ...smarthost, login: { kind: 'xoauth2', user: 'a@example.com', ...account } }, ['client-secret']],
    [smarthost, []],
  ])('%j', (said, keys) => {
    expect(credentialKeysOf(transport(said))).toEqual(keys);
  });
});

it('a credential is stale when it belongs to another account, and only then', () => {
  const hash = credentialOwnerHash(transport(graph));
  expect(credentialOwnerHash(transport({ ...graph, forceMailbox: 'a@example.com' }))).toBe(hash);
  expect(credentialOwnerHash(transport({ ...graph, tenant: 'fabrikam.onmicrosoft.com' }))).not.toBe(hash);
});

describe('certificateValues', () => {
  const certificate = readFileSync(certificates.app, 'utf8');
  const privateKey = readFileSync(certificates.appKey, 'utf8');

  it('takes a certificate and its key', () => {
    expect(certificateValues(certificate, privateKey)).toEqual({ certificate, 'private-key': privateKey });
  });

  it.each([
    ['swapped files', privateKey, certificate, /certificate is not PEM/],
    ['no key', certificate, certificate, /private key is not PEM/],
    [
      "another certificate's key",
      readFileSync(certificates.ca, 'utf8'),
      privateKey,
      /not that of the certificate/,
    ],
  ])('refuses %s', (_what, first, second, problem) => {
    expect(() => certificateValues(first, second)).toThrow(problem);
  });
});
