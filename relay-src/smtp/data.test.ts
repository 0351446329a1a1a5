import { describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { DataReader, DotStuffer, DotUnstuffer, type BareNewline } from './data.ts';

interface Read {
  readonly end: number;
  readonly fault: string | undefined;
  readonly text: string;
  readonly size: number;
}

function read(bytes: string, cuts: readonly number[], bareNewline: BareNewline = 'normalize'): Read {
  const buffer = Buffer.from(bytes, 'latin1');
  const reader = new DataReader({ bareNewline, maxSize: 1e6, maxLine: 1e6 });
  const pieces: Buffer[] = [];
  const unstuffers = [new DotUnstuffer(), new DotUnstuffer()] as const;
  const take = (piece: Buffer, dotted: boolean): void => {
    pieces.push(Buffer.from(piece));
    // Where it says that there is no stuffing dot, looking for one finds none.
    expect(unstuffers[0].push(piece, dotted)).toEqual(unstuffers[1].push(piece, true));
  };
  const edges = [0, ...cuts.map((cut) => cut % (buffer.length + 1)).toSorted((a, b) => a - b), buffer.length];
  let end = -1;
  for (let i = 0; i + 1 < edges.length && end < 0; i += 1) {
    const [from = 0, to = 0] = [edges[i], edges[i + 1]];
    const found = reader.push(buffer.subarray(from, to), take);
    if (found >= 0) end = from + found;
  }
  const text = reader.fault === undefined ? Buffer.concat(pieces).toString('latin1') : '';
  return { end, fault: reader.fault, text, size: reader.fault === undefined ? reader.size : 0 };
}

/** The same by regular expressions over the whole text. */
function model(bytes: string, bareNewline: BareNewline): Read {
  const at = bytes.startsWith('.\r\n') ? 0 : bytes.search(/\r\n\.\r\n/) + 2;
  const ended = bytes.startsWith('.\r\n') || at > 1;
  const body = ended ? bytes.slice(0, at) : bytes.replace(/(?:(?<=^|\r\n)\.\r?|\r)$/, '');
  const dotBesideLf = /(?<!\r)\n\./.test(body) || /(?:^|\r\n)\.[^\r\n]*\n/.test(body);
  const bad = /\r(?!\n)/.test(body) || dotBesideLf || (bareNewline === 'reject' && /(?<!\r)\n/.test(body));
  const text = body.replace(/(?<!\r)\n/g, '\r\n');
  const stored = text.replace(/(^|\r\n)\./g, '$1');
  return {
    end: ended ? at + 3 : -1,
    fault: bad ? 'bare-newline' : undefined,
    text: bad ? '' : text,
    size: bad ? 0 : stored.length,
  };
}

/** Long enough to be skipped over. */
const filler = 'a line like any other\r\n'.repeat(30);
const bytes = fc
  .array(fc.constantFrom('\r', '\n', '.', 'x', '\r\n', '\r\n.', '\r\n.\r\n', `\r\n${filler}`), {
    maxLength: 14,
  })
  .map((parts) => parts.join(''));
const cuts = fc.array(fc.oneof(fc.nat(30), fc.nat(3000)), { maxLength: 6 });

it.each(['normalize', 'reject'] as const)(
  'DataReader reads as its model does, whatever the chunks (%s)',
  (bareNewline) => {
    fc.assert(
      fc.property(bytes, cuts, (text, at) => {
        expect(read(text, at, bareNewline)).toEqual(model(text, bareNewline));
      }),
      { numRuns: 3000 },
    );
  },
);

describe('DataReader limits', () => {
  const reader = (maxSize: number, maxLine: number): DataReader =>
    new DataReader({ bareNewline: 'normalize', maxSize, maxLine });

  it('a message over its size is read on to its end', () => {
    const one = reader(10, 100);
    let out = 0;
    const emit = (piece: Buffer): void => void (out += piece.length);
    expect(one.push(Buffer.from('0123456789'), emit)).toBe(-1);
    expect(one.fault).toBeUndefined();
    expect(one.push(Buffer.from('a\r\nMAIL'), emit)).toBe(-1);
    expect(one.push(Buffer.from('\r\n.\r\nNOOP'), emit)).toBe(5);
    expect(one.fault).toBe('too-big');
  });

  it.each([
    ['12345678\r\n12345678\r\n', undefined],
    ['12345678\r\n123456789\r\n', 'line-too-long'],
    ['12345678\n12345678\n', undefined],
    ['12345678\n123456789\n', 'line-too-long'],
  ] as const)('a line is measured with its CRLF, wherever it is split: %j', (lines, fault) => {
    for (let cut = 0; cut <= lines.length; cut += 1) {
      const one = reader(1e6, 10);
      expect(one.push(Buffer.from(lines.slice(0, cut)), () => undefined)).toBe(-1);
      expect(one.push(Buffer.from(lines.slice(cut)), () => undefined)).toBe(-1);
      expect({ cut, fault: one.fault }).toEqual({ cut, fault });
    }
  });

  it('a long line is found among others', () => {
    const one = reader(1e6, 10);
    const lines = '12345678\r\n'.repeat(100);
    one.push(Buffer.from(lines), () => undefined);
    expect(one.fault).toBeUndefined();
    one.push(Buffer.from(`${lines}123456789\r\n${lines}`), () => undefined);
    expect(one.fault).toBe('line-too-long');
  });

  it('a flood of bare CR costs one look at each byte', () => {
    const flood = Buffer.from('x' + '\r'.repeat(100_000));
    const search = jest.spyOn(flood, 'indexOf');
    const one = reader(1e9, 1e9);
    expect(one.push(flood, () => undefined)).toBe(-1);
    expect(one.fault).toBe('bare-newline');
    // A search for LF goes through all the rest; one for CR ends where it begins.
    const forLf = search.mock.calls.filter(([what]) => what === 0x0a);
    expect(forLf).toHaveLength(1);
    expect(search.mock.calls.length).toBeLessThanOrEqual(flood.length + 1);
  });
});

describe('DotStuffer and DotUnstuffer', () => {
  const lines = fc
    .array(fc.constantFrom('', '.', '..', '.x', 'x', 'x.y'), { maxLength: 8 })
    .map((parts) => parts.map((part) => `${part}\r\n`).join(''));
  const chunks = (text: string, at: readonly number[]): Buffer[] => {
    const edges = [0, ...at.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length];
    return edges.slice(1).map((edge, i) => Buffer.from(text.slice(edges[i], edge)));
  };
  const through = (
    part: { push(chunk: Buffer, dotted: boolean): Buffer[] },
    text: string,
    at: readonly number[],
  ): string => Buffer.concat(chunks(text, at).flatMap((chunk) => part.push(chunk, true))).toString();

  it('stuff every leading dot and take it away again', () => {
    fc.assert(
      fc.property(lines, cuts, cuts, (text, a, b) => {
        const stuffed = through(new DotStuffer(), text, a);
        expect(stuffed).toBe(text.replace(/(^|\n)\./g, '$1..'));
        expect(through(new DotUnstuffer(), stuffed, b)).toBe(text);
      }),
    );
  });

  it('the stuffer passes what the unstuffer left alone as it stuffs all else', () => {
    fc.assert(
      fc.property(lines, cuts, (text, at) => {
        const stuffer = new DotStuffer();
        const unstuffer = new DotUnstuffer();
        const stuffed = text.replace(/(^|\n)\./g, '$1..');
        const out = chunks(stuffed, at).flatMap((chunk) =>
          unstuffer
            .push(chunk, true)
            .flatMap((plain) => (plain === chunk ? stuffer.pass(chunk) : stuffer.push(plain))),
        );
        expect(Buffer.concat(out).toString()).toBe(stuffed);
      }),
    );
    expect(() => new DotStuffer().pass(Buffer.from('\nx'))).toThrow(/bare/);
  });

  it('the stuffer lets no bare CR or LF out', () => {
    fc.assert(
      fc.property(bytes, cuts, (text, at) => {
        const run = (): string => {
          const stuffer = new DotStuffer();
          const out = Buffer.concat(chunks(text, at).flatMap((chunk) => stuffer.push(chunk))).toString();
          return out + Buffer.concat(stuffer.end()).toString();
        };
        if (/\r(?!\n)|(?<!\r)\n/.test(text)) expect(run).toThrow(/bare/);
        else expect(run()).toMatch(/^(?:[^\r\n]*\r\n)*$/);
      }),
      { numRuns: 1000 },
    );
  });
});
