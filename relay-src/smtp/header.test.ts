import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { HeaderReader, type HeaderFindings } from './header.ts';
import { headerProblem, type SenderList } from './senders.ts';

function read(text: string, chunk = 65_536): HeaderFindings {
  const reader = new HeaderReader();
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += chunk) reader.push(bytes.subarray(at, at + chunk));
  return reader.end();
}

const spaces = (count: number): string => ' '.repeat(count);

describe('a list of senders cannot be deceived by a From too long to be kept', () => {
  const senders: SenderList = { addresses: new Set(['ok@ok.com']), domains: new Set() };

  it.each([
    ['a second address far behind', `From: ok@ok.com${spaces(17_000)}, evil@bad.com`],
    ['in continuation lines', `From: ok@ok.com\r\n${`${spaces(990)}\r\n`.repeat(18)} , evil@bad.com`],
    ['a domain that goes on', `From: (${'p'.repeat(16_371)}) ok@ok.com.evil.net`],
    [
      'a domain with its middle left out',
      `From: (${'p'.repeat(16_368)}) ok@ok.cevil.net (${'g'.repeat(4085)}om )`,
    ],
    ['a long continuation line', `From: ok@ok.com\r\n ${spaces(20_000)}, evil@bad.com`],
    ['a Sender', `From: ok@ok.com\r\nSender: ok@ok.com${spaces(17_000)}, evil@bad.com`],
  ])('%s', (_, header) => {
    for (const chunk of [65_536, 16_384, 4096, 1000, 17]) {
      expect(headerProblem(senders, read(`${header}\r\n\r\n`, chunk))).toMatch(/is not exactly one address/);
    }
  });

  it('and one that is kept whole passes', () => {
    const header = `From: (${'p'.repeat(16_000)}) ok@ok.com\r\nX: ${'x'.repeat(30_000)}\r\n\r\n`;
    for (const chunk of [65_536, 1000]) expect(headerProblem(senders, read(header, chunk))).toBeUndefined();
  });
});

it('a NUL is found wherever it stands in the header, and not in the body', () => {
  const long = 'x'.repeat(30_000);
  expect(read(`From: a@b.c\r\nX: ${long}\0${long}\r\n\r\n`).problem).toBe('a NUL');
  expect(read(`From: a@b.c\r\nX: ${long}\r\n\r\n\0`).problem).toBeUndefined();
});

it('the findings are the same, whatever the chunks', () => {
  const part = fc.constantFrom(
    'From:',
    ' a@b.c',
    '\r\n',
    ' ',
    '\t',
    '.',
    'Received: x',
    'x',
    ':',
    '\0',
    'y'.repeat(9000),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.integer({ min: 1, max: 9000 }), (parts, chunk) => {
      const text = parts.join('');
      expect(read(text, chunk)).toEqual(read(text));
    }),
    { numRuns: 500 },
  );
});
