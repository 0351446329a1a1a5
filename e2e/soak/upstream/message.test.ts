import { describe, expect, it } from '@jest/globals';
import { MessageReader, readReceived, type Ending } from './message.ts';

/** What a receiver sees, with the bytes in chunks of this size. */
function receive(bytes: string, ending: Ending, size: number): string | undefined {
  const reader = new MessageReader(ending);
  const all = Buffer.from(bytes, 'latin1');
  for (let at = 0; at < all.length; at += size) {
    const end = reader.push(all.subarray(at, at + size));
    if (end !== undefined) return end.message.toString('latin1');
  }
  return undefined;
}

describe.each([1, 2, 3, 5, 1000])('in chunks of %d', (size) => {
  it.each<[string, string, string | undefined, string | undefined]>([
    ['an empty message', '.\r\n', '', ''],
    ['stuffed dots', '..a\r\n...\r\n.\r\n', '.a\r\n..\r\n', '.a\r\n..\r\n'],
    ['LF.CRLF', 'a\n.\r\nMAIL FROM:<x@y.z>\r\n', undefined, 'a\n'],
    ['CRLF.LF and CR.CR', 'a\r\n.\nb\r.\rc\r\n.\r\n', 'a\r\n\nb\r.\rc\r\n', 'a\r\n\nb\r.\rc\r\n'],
  ])('%s', (_, bytes, strict, lax) => {
    expect(receive(bytes, 'strict', size)).toBe(strict);
    expect(receive(bytes, 'lax', size)).toBe(lax);
  });
});

it('what came behind the end is not lost', () => {
  expect(new MessageReader('strict').push(Buffer.from('a\r\n.\r\nQUIT\r\n'))).toEqual({
    message: Buffer.from('a\r\n'),
    rest: Buffer.from('QUIT\r\n'),
  });
});

it("the relay's own Received header is set apart, an older one is not", () => {
  const old = 'Received: from a\r\n\tby b;\r\n\tMon\r\n';
  const own = 'Received: from c ([127.0.0.1])\r\n\tby relay.example with ESMTP id ab12x;\r\n\tTue\r\n';
  const message = `${old}Message-ID: <1.2@soak>\r\n\r\nx\r\n`;
  const found = readReceived(Buffer.from(own + message));
  expect(found).toMatchObject({ tx: 'ab12x', id: '1.2@soak', octets: message.length, bare: false });
  expect(found.sha256).not.toBe(readReceived(Buffer.from(`${own}${old}x${message}`)).sha256);
  expect(readReceived(Buffer.from('a\nb\r\n')).bare).toBe(true);
});
