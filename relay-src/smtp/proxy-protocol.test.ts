import { describe, expect, it } from '@jest/globals';
import { parseProxyHeader } from './proxy-protocol.ts';

const parse = (text: string): ReturnType<typeof parseProxyHeader> =>
  parseProxyHeader(Buffer.from(text, 'latin1'));

const start = '\r\n\r\n\0\r\nQUIT\n';
const addresses = '\xc0\x00\x02\x07\xc0\x00\x02\x01\x15\xb3\x00\x19';

describe('a PROXY header', () => {
  it.each([
    ['PROXY TCP4 192.0.2.7 192.0.2.1 5555 25\r\n', { address: '192.0.2.7', port: 5555, length: 40 }],
    ['PROXY TCP6 2001:db8::7 ::1 1 25\r\nEHLO', { address: '2001:db8::7', port: 1, length: 33 }],
    [`${start}\x21\x11\x00\x0c${addresses}EHLO`, { address: '192.0.2.7', port: 5555, length: 28 }],
    [`${start}\x21\x11\x00\x0e${addresses}xx`, { address: '192.0.2.7', port: 5555, length: 30 }],
  ])('%j names the client', (text, client) => {
    expect(parse(text)).toEqual({ kind: 'proxied', ...client });
  });

  it.each(['PROXY UNKNOWN\r\n', `${start}\x20\x00\x00\x00`, `${start}\x21\x00\x00\x00`])(
    '%j is the balancer itself',
    (text) => {
      expect(parse(text)).toEqual({ kind: 'local', length: text.length });
    },
  );

  it('is waited for from its first byte to its last', () => {
    for (const whole of [
      'PROXY TCP4 192.0.2.7 192.0.2.1 5555 25\r\n',
      `${start}\x21\x11\x00\x0c${addresses}`,
    ]) {
      for (let length = 0; length < whole.length; length += 1) {
        expect(parse(whole.slice(0, length))).toEqual({ kind: 'incomplete' });
      }
    }
  });

  it.each([
    ['something else', 'EHLO client.example\r\n'],
    ['a line of more than 107 octets', `PROXY TCP4 ${'1'.repeat(100)}`],
    ['more than 4096 octets of extensions', `${start}\x21\x11\x10\x01`],
    ['a host name', 'PROXY TCP4 client.example 192.0.2.1 5555 25\r\n'],
    ['the other family', 'PROXY TCP6 192.0.2.7 192.0.2.1 5555 25\r\n'],
    ['a port out of range', 'PROXY TCP4 192.0.2.7 192.0.2.1 65536 25\r\n'],
    ['a word too many', 'PROXY TCP4 192.0.2.7 192.0.2.1 5555 25 x\r\n'],
    ['another version', `${start}\x11\x11\x00\x0c${addresses}`],
    ['UDP', `${start}\x21\x12\x00\x0c${addresses}`],
    ['addresses that are cut off', `${start}\x21\x11\x00\x04\xc0\x00\x02\x07`],
  ])('is not %s', (_, text) => {
    expect(parse(text).kind).toBe('invalid');
  });
});
