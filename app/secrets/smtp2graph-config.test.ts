import { describe, expect, it } from '@jest/globals';
import { clientSecretOf, smtp2graphConfig, smtp2graphSettingsHash } from './smtp2graph-config.ts';

const settings = {
  tenant: '00000000-0000-0000-0000-000000000000',
  clientId: '11111111-1111-1111-1111-111111111111',
  allowedFrom: ['booking@example.com'],
  maxMessageBytes: 2 * 1024 * 1024 + 1,
};

describe('smtp2graphConfig', () => {
  it('says everything that smtp2graph would otherwise get wrong', () => {
    expect(smtp2graphConfig(settings, 'p~4: #x')).toBe(`mode: full
send:
  appReg:
    tenant: 00000000-0000-0000-0000-000000000000
    id: 11111111-1111-1111-1111-111111111111
    secret: "p~4: #x"
  retryLimit: 12
  retryInterval: 5
receive:
  port: 2525
  listenAddress: 127.0.0.1
  ipWhitelist:
    - 127.0.0.1
  allowedFrom:
    - booking@example.com
  maxSize: 2049k
`);
  });

  it('leaves allowedFrom out where any sender may send: an empty list would refuse all', () => {
    expect(smtp2graphConfig({ ...settings, allowedFrom: [] }, 'x')).not.toContain('allowedFrom');
  });

  it('refuses a tenant to which smtp2graph would append a second .onmicrosoft.com', () => {
    expect(() => smtp2graphConfig({ ...settings, tenant: 'contoso.onmicrosoft.com' }, 'x')).toThrow(
      /without a dot/,
    );
    expect(smtp2graphConfig({ ...settings, tenant: 'contoso' }, 'x')).toContain('tenant: contoso\n');
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %s bytes as the largest message', (maxMessageBytes) => {
    expect(() => smtp2graphConfig({ ...settings, maxMessageBytes }, 'x')).toThrow(/whole number of bytes/);
  });
});

describe('smtp2graphSettingsHash', () => {
  it('changes with each setting', () => {
    const others = [
      settings,
      { ...settings, tenant: 'contoso' },
      { ...settings, clientId: '22222222-2222-2222-2222-222222222222' },
      { ...settings, allowedFrom: ['booking@example.com', 'other@example.com'] },
      { ...settings, maxMessageBytes: 1 },
    ].map(smtp2graphSettingsHash);
    expect(new Set(others).size).toBe(others.length);
    expect(others[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('clientSecretOf', () => {
  it('finds what smtp2graphConfig put in', () => {
    expect(clientSecretOf(smtp2graphConfig(settings, '0123'))).toBe('0123');
  });

  it('does not take an absent one for an empty one', () => {
    expect(() => clientSecretOf('send:\n  appReg:\n    tenant: contoso\n')).toThrow(/no send.appReg.secret/);
  });
});
