import { describe, expect, it } from '@jest/globals';
import { normalise, renderReply, ReplyParser, ReplySyntaxError } from './reply.ts';

describe('ReplyParser', () => {
  const parse = (text: string, size = text.length): [number, string[]][] => {
    const found: [number, string[]][] = [];
    const parser = new ReplyParser(({ code, lines }) => found.push([code, [...lines]]));
    for (let i = 0; i < text.length; i += size) parser.push(Buffer.from(text.slice(i, i + size), 'latin1'));
    return found;
  };

  it.each([1, 2, 5, 1000])('reads replies in chunks of %d', (size) => {
    expect(parse('220 hello\r\n250-a\r\n250-\r\n250 b\r\n354\r\n250 \r\n', size)).toEqual([
      [220, ['hello']],
      [250, ['a', '', 'b']],
      [354, ['']],
      [250, ['']],
    ]);
  });

  it.each([
    ['no code', 'hello\r\n'],
    ['a code out of range', '199 x\r\n'],
    ['a separator that is none', '250_x\r\n'],
    ['a bare LF', '250 x\n'],
    ['two codes in one reply', '250-a\r\n550 b\r\n'],
    ['more lines than anyone needs', '250-x\r\n'.repeat(129)],
    ['a line without end', `250 ${'x'.repeat(70_000)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parse(text)).toThrow(ReplySyntaxError);
  });
});

describe('normalise', () => {
  it.each([
    ['keeps the enhanced code', 550, ['5.1.1 no such user'], '1.1', ['no such user']],
    ['adds a missing one', 452, ['full'], '0.0', ['full']],
    ['replaces one of another class', 550, ['4.2.2 odd'], '0.0', ['odd']],
    ['wants none for 354', 354, ['go on'], '', ['go on']],
    ['takes it off each line', 550, ['5.7.1 a', '5.7.1 b'], '7.1', ['a', 'b']],
    ['unquotes what Mailpit quotes', 550, ['"5.7.1 a \\"b\\"\\r\\n5.7.1 c"'], '7.1', ['a "b"', 'c']],
    ['leaves quotes inside alone', 550, ['"a" and "b" c'], '0.0', ['"a" and "b" c']],
    ['lets no control or foreign character through', 550, ['5.1.1 a\x07b\xe4'], '1.1', ['a b?']],
  ])('%s', (_, code, raw, enhanced, lines) => {
    expect(normalise(code, raw)).toEqual({ code, enhanced, lines });
  });
});

describe('renderReply', () => {
  it('puts code and enhanced code on each line', () => {
    expect(renderReply({ code: 550, enhanced: '1.2', lines: ['a', 'b'] })).toBe(
      '550-5.1.2 a\r\n550 5.1.2 b\r\n',
    );
  });
  it('keeps a line to 512 octets, whatever it is told', () => {
    const line = renderReply({ code: 250, enhanced: '0.0', lines: ['x\r\n550 y'.repeat(200)] });
    expect(line).toHaveLength(512);
    expect(line.indexOf('\r\n')).toBe(510);
  });
});
