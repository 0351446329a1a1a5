import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDomain } from './domain-name.ts';

const label63 = 'a'.repeat(63);
/** 253 octets, the longest name. */
const longest = [label63, label63, label63, 'a'.repeat(61)].join('.');

describe('a domain', () => {
  it.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.Com', 'example.com'],
    ['example.com.', 'example.com'],
    ['1-2.a--b.3com', '1-2.a--b.3com'],
    ['localhost', 'localhost'],
    [label63, label63],
    [longest, longest],
    [`${longest}.`, longest],
    ['XN--Mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    // Not decodable, which is for DNS to say.
    ['xn--a.de', 'xn--a.de'],
    ['münchen.de', 'xn--mnchen-3ya.de'],
    ['MÜNCHEN.DE', 'xn--mnchen-3ya.de'],
    ['mu\u0308nchen.de', 'xn--mnchen-3ya.de'],
    ['münchen.de.', 'xn--mnchen-3ya.de'],
    ['r3--x.münchen.de', 'r3--x.xn--mnchen-3ya.de'],
    ['mail.münchen.xn--mnchen-3ya.de', 'mail.xn--mnchen-3ya.xn--mnchen-3ya.de'],
    // Sharp s is a letter of its own since IDNA2008, not "ss".
    ['straße.de', 'xn--strae-oqa.de'],
    // The Turkish dotted I becomes i and a dot above, not i.
    ['İstanbul.com', 'xn--istanbul-o0e.com'],
    ['ıstanbul.com', 'xn--stanbul-qfb.com'],
    ['ΟΔΟΣ.gr', 'xn--pxavbq.gr'],
    ['例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  ])('%s is %s', (text, name) => {
    expect(parseDomain(text)).toEqual({ kind: 'domain', name });
  });

  it.each([
    ['', 'empty'],
    ['.', 'empty'],
    ['..', 'empty-label'],
    ['a..b', 'empty-label'],
    ['.a', 'empty-label'],
    ['a.com..', 'empty-label'],
    [`${label63}a.com`, 'label-too-long'],
    [`${longest}a`, 'name-too-long'],
    ['-a.com', 'bad-character'],
    ['a-.com', 'bad-character'],
    ['xn---', 'bad-character'],
    ['a_b.com', 'bad-character'],
    ['a b.com', 'bad-character'],
    ['a\0.com', 'bad-character'],
    ['[192.0.2.1]', 'bad-character'],
    // What a URL parser makes other names of.
    ['ex%61mple.com', 'bad-character'],
    ['a/b.com', 'bad-character'],
    ['a@b.com', 'bad-character'],
    ['a:25', 'bad-character'],
    ['ü%61.com', 'bad-idn'],
    ['ü/b.com', 'bad-idn'],
    ['ü@b.com', 'bad-idn'],
    ['ü[b.com', 'bad-idn'],
    ['ü_b.com', 'bad-idn'],
    ['ü..com', 'empty-label'],
    ['-ü.com', 'bad-idn'],
    ['ü-.com', 'bad-idn'],
    ['aü--b.com', 'bad-idn'],
    // Mapped to another name: full-width letters, an ideographic dot, a soft hyphen, "a/c".
    ['\uff47mail.com', 'bad-idn'],
    ['a\u3002com', 'bad-idn'],
    ['gm\u00adail.com', 'bad-idn'],
    ['℀.com', 'bad-idn'],
    ['a\u200db.com', 'bad-idn'],
    ['0א.com', 'bad-idn'],
    ['ü.xn--a', 'bad-idn'],
    ['ü'.repeat(64), 'label-too-long'],
    ['ü.'.repeat(128), 'name-too-long'],
    ['ü.'.repeat(60) + 'com', 'name-too-long'],
  ])('%j is refused: %s', (text, problem) => {
    expect(parseDomain(text)).toEqual({ kind: 'bad', problem });
  });

  it('always comes out as a name that is its own parse, whatever goes in', () => {
    const pieces = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.stringMatching(/^[a-zA-Z0-9._%@-]{0,260}$/),
      fc
        .array(fc.constantFrom('xn--', 'ü', 'ß', 'İ', 'Σ', '.', '-', 'a', 'ｇ', '。', '\u0308', 'א', '1'))
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(pieces, (text) => {
        const parsed = parseDomain(text);
        if (parsed.kind === 'bad') return;
        expect(parsed.name).toMatch(/^(?!.{254})[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/);
        expect(parseDomain(parsed.name)).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });

  it('of letters, digits and hyphens differs from what was written only in case', () => {
    const label = fc.stringMatching(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/);
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
        const text = labels.join('.');
        expect(parseDomain(text)).toEqual({ kind: 'domain', name: text.toLowerCase() });
      }),
    );
  });
});
