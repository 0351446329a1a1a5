import { describe, expect, it } from '@jest/globals';
import { dockerConfigJson, dockerConfigJsonFrom } from './registry-auth.ts';

const auth = 'dXNlcjpwQHNz'; // user:p@ss

describe('dockerConfigJson', () => {
  it('is what kubelet reads', () => {
    expect(JSON.parse(dockerConfigJson('registry.example.local', 'user', 'p@ss'))).toEqual({
      auths: { 'registry.example.local': { username: 'user', password: 'p@ss', auth } },
    });
  });

  it('names the hub as its clients do', () => {
    expect(dockerConfigJson('docker.io', 'user', 'p@ss')).toContain('"https://index.docker.io/v1/"');
  });

  it('refuses what Basic authentication cannot carry', () => {
    expect(() => dockerConfigJson('r', 'a:b', 'x')).toThrow(/user name/);
    expect(() => dockerConfigJson('r', 'a', '')).toThrow(/password is empty/);
  });
});

describe('dockerConfigJsonFrom', () => {
  it('takes the one credential that is needed', () => {
    const file = JSON.stringify({ auths: { 'r.example': { auth, email: 'x' }, other: { auth: 'eDp5' } } });
    expect(JSON.parse(dockerConfigJsonFrom('r.example', file))).toEqual({ auths: { 'r.example': { auth } } });
  });

  it.each([
    ['another registry', JSON.stringify({ auths: { other: { auth } } })],
    ['a credential helper', JSON.stringify({ auths: { 'r.example': {} }, credsStore: 'desktop' })],
    ['no credentials', '{}'],
  ])('explains itself when the file holds %s', (_, file) => {
    expect(() => dockerConfigJsonFrom('r.example', file)).toThrow(/no "auth" for r.example/);
  });

  it('quotes nothing of a file that is not JSON', () => {
    expect(() => dockerConfigJsonFrom('r.example', 'hunter2')).toThrow(
      /^the Docker configuration is not valid JSON$/,
    );
  });
});
