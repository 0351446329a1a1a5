import { describe, expect, it } from '@jest/globals';
import { parseStructured } from './content-type.ts';

function parsed(text: string): { value: string; parameters: Record<string, readonly string[]> } {
  const { value, parameters } = parseStructured(text);
  return { value, parameters: Object.fromEntries(parameters) };
}

describe('parseStructured reads', () => {
  it.each([
    ['text/calendar', 'text/calendar', {}],
    ['Text/Calendar; Method=REQUEST', 'text/calendar', { method: ['REQUEST'] }],
    ['(c) text/calendar (nested (one) \\) x)', 'text/calendar', {}],
    ['text / (c) calendar', 'text/calendar', {}],
    ['"text/calendar"', 'text/calendar', {}],
    ['', '', {}],
    ['; name=a', '', { name: ['a'] }],
    ['filename=a.ics', '', { filename: ['a.ics'] }],
  ])('the value of %s', (text, value, parameters) => {
    expect(parsed(text)).toEqual({ value, parameters });
  });

  it.each([
    ['a missing semicolon', 'a/b boundary="x y" c', { boundary: ['x y'] }],
    ['doubled parameters', 'a/b; charset=a; charset=b', { charset: ['a', 'b'] }],
    ['quotes and escapes', 'a/b; name="a\\"b;c"; x=1', { name: ['a"b;c'], x: ['1'] }],
    ['quotes that do not end', 'a/b; name="a.ics; x=1', { name: ['a.ics; x=1'] }],
    ['spaces without quotes', 'a/b; name=my file.ics ; x=1', { name: ['my file.ics'], x: ['1'] }],
    ['a space that a boundary starts with', 'a/b; boundary= " x"', { boundary: [' x'] }],
    ['junk behind a quoted value', 'a/b; boundary="x" (c) junk; y=1', { boundary: ['x'], y: ['1'] }],
    ['a parenthesis inside of a value', 'a/b; name=invite(1).ics', { name: ['invite(1).ics'] }],
    ['a comment behind a value', 'a/b; name=invite.ics (1)', { name: ['invite.ics'] }],
    ['a comment that does not end', 'a/b; name=invite (1.ics; x=1', { name: ['invite (1.ics'], x: ['1'] }],
    ['parameters without a value', 'a/b; flag; ; =; x=1', { '': [''], x: ['1'] }],
  ])('parameters with %s', (_, text, parameters) => {
    expect(parsed(text)).toEqual({ value: 'a/b', parameters });
  });

  it.each([
    ['a charset', "a; name*=utf-8'de'M%C3%A4rz", 'März'],
    ['continuations in any order', 'a; name*1=b; name*0=a; name*2=c', 'abc'],
    ['a character that is split between two', "a; name*0*=utf-8''M%C3; name*1*=%A4rz", 'März'],
    ['plain and extended sections', "a; name*0*=utf-8''M%C3%A4; name*1=rz%41", 'März%41'],
    ['a charset that is wide', "a; name*=utf-16le''M%00%E4%00r%00z%00", 'März'],
    ['no charset at all', 'a; name*=invite%2Eics', 'invite.ics'],
    ['an unknown charset, octet by octet', "a; name*=x-none''%E4", '\xE4'],
  ])('RFC 2231 with %s', (_, text, name) => {
    expect(parsed(text).parameters['name']).toEqual([name]);
  });

  it('is linear in the length', () => {
    const length = 64 * 1024;
    const hostile = ['(', '()', '((a)', '"', ';', 'a*0=;', '=', ' ', '%41', "'"];
    const start = performance.now();
    for (const text of hostile) parseStructured(`a/b; x=${text.repeat(length / text.length)}`);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
