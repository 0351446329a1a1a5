import { describe, expect, it } from '@jest/globals';
import { mailboxText, parseMailbox, parsePath, toALabels } from './address.ts';
import { soleAddress } from './header-address.ts';

describe('parsePath', () => {
  const path = (text: string, kind: 'forward' | 'reverse' = 'forward'): string => {
    const parsed = parsePath(text, kind);
    if (typeof parsed === 'string') return parsed;
    const parameters = [...parsed.parameters].map(([key, value]) => ` ${key}=${value ?? ''}`).join('');
    return (parsed.mailbox === undefined ? '<>' : mailboxText(parsed.mailbox)) + parameters;
  };

  it.each([
    ['<a@b.example>', 'a@b.example'],
    ['  <a@b.example>', 'a@b.example'],
    ['<A+b@B.Example.>', 'A+b@b.example'],
    ['<"a b@c>"@d.example>', '"a b@c>"@d.example'],
    ['<"a\\"b"@d.example> X=1 Y', '"a\\"b"@d.example X=1 Y='],
    ['<@x,@y:a@b.example>', 'a@b.example'],
    ['<Postmaster>', 'Postmaster'],
    ['<user@[IPv6:2001:DB8::1]>', 'user@[IPv6:2001:db8::1]'],
    ['<ü@bücher.example>', 'ü@xn--bcher-kva.example'],
  ])('takes %s', (text, expected) => {
    expect(path(text)).toBe(expected);
  });

  it.each([
    ['', 'address'],
    ['a@b.example', 'address'],
    ['<a@b.example', 'address'],
    ['<a b@c.example>', 'address'],
    ['<a@b@c.example>', 'address'],
    ['<.a@b.example>', 'address'],
    ['<a@>', 'address'],
    ['<@b.example>', 'address'],
    ['<a@b_c.example>', 'address'],
    ['<a@[1.2.3]>', 'address'],
    ['<a@[IPv6:fe80::1%eth0]>', 'address'],
    ['<a\u200b@b.example>', 'address'],
    ['<a@b.example>X=1', 'syntax'],
    ['<a@b.example> X=1 x=2', 'parameter-duplicate'],
    ['<a@b.example> =1', 'parameter-syntax'],
    ['<a@b.example> X=', 'parameter-syntax'],
  ])('refuses %s', (text, why) => {
    expect(path(text)).toBe(why);
  });

  it('knows the null reverse-path', () => {
    expect(path('<>', 'reverse')).toBe('<>');
    expect(path('<>', 'forward')).toBe('address');
  });
});

it('no top-level domain is a number', () => {
  expect(toALabels('1.2.3')).toBeUndefined();
  expect(toALabels('7')).toBeUndefined();
  expect(toALabels('1.2.x3')).toBe('1.2.x3');
});

it('a mailbox without a domain is none', () => {
  expect(parseMailbox('postmaster')).toBeUndefined();
});

describe('soleAddress: the one address of a From', () => {
  it.each([
    [' app@ok.example', 'app@ok.example'],
    [' App <app@OK.example>', 'app@ok.example'],
    [' "Last, First" (x <y@z>) <app@ok.example> (end)', 'app@ok.example'],
    [' =?utf-8?q?boss=40corp?= <app@ok.example>', 'app@ok.example'],
    [' <"a b"@ok.example>', '"a b"@ok.example'],
  ])('%j', (value, expected) => {
    expect(soleAddress(value)).toBe(expected);
  });

  it.each([
    '',
    ' a@ok.example, b@ok.example',
    ' boss@ok.example <app@ok.example>',
    ' <app@ok.example> <boss@ok.example>',
    ' group: app@ok.example;',
    ' app@ok.example boss',
    ' <app@ok.example',
    ' (unclosed <app@ok.example>',
    ' app@[192.0.2.1]',
    ' a b@ok.example',
    ' "a"b@ok.example',
    ' app@ok.example\\',
  ])('none in %j', (value) => {
    expect(soleAddress(value)).toBeUndefined();
  });
});
