import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PlainLines } from './plain-lines.ts';

/** The same, line by line. */
function model(text: string, from: number, longest: number): number {
  let line = from;
  for (;;) {
    const plain = /^(?!\.)[^\r\n]*\r\n/.exec(text.slice(line));
    if (plain === null || plain[0].length > longest) return line;
    line += plain[0].length;
  }
}

const line = fc
  .tuple(
    fc.constantFrom('', 'x', '.', 'a.b', '\t', '\x80', '\0'),
    fc.nat(70),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r'),
  )
  .map(([start, length, end]) => `${start}${'y'.repeat(length)}${end}`);
const plainLine = fc.nat(70).map((length) => `${'z'.repeat(length)}\r\n`);

describe('PlainLines', () => {
  it('skips plain lines only, and leaves out no more than the last', () => {
    fc.assert(
      fc.property(
        fc.array(plainLine, { minLength: 20, maxLength: 60 }),
        fc.array(line, { maxLength: 6 }),
        fc.array(plainLine, { maxLength: 60 }),
        fc.integer({ min: 16, max: 90 }),
        (before, middle, after, longest) => {
          const text = [...before, ...middle, ...after].join('').padEnd(512, 'w');
          const skipped = new PlainLines(Buffer.from(text, 'latin1')).skip(0, longest);
          const expected = model(text, 0, longest);
          // What stands beside an odd line, or at the end, in the same sixteen octets, may stay.
          const left = text.slice(skipped, expected);
          expect(skipped).toBeLessThanOrEqual(expected);
          expect(left === '' || left.endsWith('\r\n')).toBe(true);
          expect(left.replace(/^[^\n]*\n/, '').length).toBeLessThanOrEqual(16);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('begins behind a line that is not plain', () => {
    const plain = new PlainLines(Buffer.from(`.\r\n${'x\r\n'.repeat(400)}`));
    expect(plain.skip(0, 100)).toBe(0);
    expect(plain.skip(3, 100)).toBeGreaterThan(1180);
  });

  it('two chunks at once do not mix', () => {
    const one = new PlainLines(Buffer.from('x\r\n'.repeat(400)));
    const other = new PlainLines(Buffer.from('\n'.repeat(1200)));
    expect(one.skip(0, 100)).toBeGreaterThan(1180);
    expect(other.skip(0, 100)).toBe(0);
    expect(one.skip(0, 100)).toBeGreaterThan(1180);
  });

  it('does not look at what a longer chunk left in memory', () => {
    for (let length = 600; length < 632; length += 1) {
      new PlainLines(Buffer.from('\n'.repeat(700))).skip(0, 100);
      const chunk = Buffer.from(`${'x'.repeat(20)}\r\n`.repeat(40).slice(0, length - 1) + '\r');
      expect(new PlainLines(chunk).skip(0, 100)).toBeLessThan(length);
    }
  });

  it('takes a chunk of any size', () => {
    const text = 'x\r\n'.repeat(1_000_000);
    expect(new PlainLines(Buffer.from(text)).skip(0, 100)).toBeGreaterThan(text.length - 18);
  });
});
