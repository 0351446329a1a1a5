import { describe, expect, it } from '@jest/globals';
import { compare } from 'bcryptjs';
import { checkedHtpasswd, htpasswd, mailpitAuthValues } from './mailpit-auth.ts';

const hash = `$2y$05$${'a'.repeat(53)}`;

describe('htpasswd', () => {
  it('makes a line whose hash the password opens, and no other does', async () => {
    const [user, bcrypt = ''] = (await htpasswd('admin', 'correct horse')).split(':');
    expect(user).toBe('admin');
    expect(await compare('correct horse', bcrypt)).toBe(true);
    expect(await compare('correct horsf', bcrypt)).toBe(false);
  });

  it.each([
    ['a:b', 'x', /user name "a:b"/],
    ['a b', 'x', /user name "a b"/],
    ['', 'x', /user name ""/],
    ['#a', 'x', /user name "#a"/],
    ['a', '', /is empty/],
    ['a', 'ä'.repeat(37), /longer than 72 bytes/],
  ])('refuses user "%s" with password "%s"', async (user, password, message) => {
    await expect(htpasswd(user, password)).rejects.toThrow(message);
  });
});

describe('checkedHtpasswd', () => {
  it('keeps the lines of several users', () => {
    expect(checkedHtpasswd(`a:${hash}\r\n\nb:${hash}`)).toBe(`a:${hash}\nb:${hash}\n`);
  });

  it.each([
    ['an empty file, with which Mailpit asks for nothing', '\n \n', /is empty/],
    ['a password in clear, which Mailpit takes as it is', `a:${hash}\nb:hunter2\n`, /entry 2, is not/],
    ['another kind of hash', 'a:$apr1$x$y\n', /entry 1, is not/],
    ['a bcrypt hash cut short', `a:${hash.slice(0, -1)}\n`, /entry 1, is not/],
    ['a comment, which Mailpit does not know', `#a:${hash}\n`, /entry 1, is not/],
  ])('refuses %s', (_, text, message) => {
    expect(() => checkedHtpasswd(text)).toThrow(message);
    expect(() => checkedHtpasswd(text)).not.toThrow(/hunter2/);
  });
});

it('gives the send API a credential that is another each time', async () => {
  const first = await mailpitAuthValues(`a:${hash}`);
  const second = await mailpitAuthValues(`a:${hash}`);
  expect(first.auth).toBe(`a:${hash}\n`);
  expect(checkedHtpasswd(first['send-api-auth'])).toMatch(/^nobody:/);
  expect(second['send-api-auth']).not.toBe(first['send-api-auth']);
});
