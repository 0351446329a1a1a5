import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { parseServer, systemServers } from './resolv-conf.ts';

describe('a DNS server', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', 53],
    ['192.0.2.1:5353', '192.0.2.1', 5353],
    ['2001:db8::1', '2001:db8::1', 53],
    ['[2001:db8::1]', '2001:db8::1', 53],
    ['[2001:db8::1]:5353', '2001:db8::1', 5353],
  ])('%s', (text, address, port) => {
    expect(parseServer(text)).toEqual({ address, port });
  });

  it.each([
    '',
    'dns.example',
    '192.0.2.1:',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.300',
    '[192.0.2.1]:53',
    ' 192.0.2.1',
  ])('is not %j', (text) => {
    expect(parseServer(text)).toBeUndefined();
  });

  it('of this system is an address', () => {
    expect(systemServers().every(({ address }) => isIP(address) !== 0)).toBe(true);
  });
});
