import { describe, expect, it } from '@jest/globals';
import { readSession } from './session-model.ts';

const greeting = ['220 relay.example ESMTP'];
const ok = ['250 2.0.0 Ok'];
const bye = ['221 2.0.0 Bye'];

const read = (sent: string, ...heard: string[][]): unknown =>
  readSession(Buffer.from(sent, 'latin1'), [greeting, ...heard]);

describe('replies that fit what was sent', () => {
  it('one a command, and none for what is not complete', () => {
    expect(read('NOOP\r\nNOOP\nNOO', ok, ok)).toEqual([]);
    expect(read('QUIT\r\nNOOP\r\n', bye)).toEqual([]);
  });

  it('an acknowledged message, as it must arrive', () => {
    const session = 'MAIL FROM:<a@b.c>\r\nRCPT TO:<d@e.f>\r\nDATA\r\nx\n..y\r\n..z\r\n.\r\nQUIT\r\n';
    expect(read(session, ok, ok, ['354 Go on'], ok, bye)).toEqual([
      { recipients: 1, body: 'x\r\n.y\r\n.z\r\n' },
    ]);
  });
});

describe('replies that do not', () => {
  it.each<[string, string, string[][]]>([
    ['no reply', 'NOOP\r\nNOOP\r\n', [ok]],
    ['too many', 'NOOP\r\n', [ok, ok]],
    ['too many', 'DATA\r\nx\r\n', [['354 Go on'], ok]],
    ['not in the table', 'NOOP\r\n', [['251 2.0.0 Ok']]],
    ['wrong enhanced code', 'NOOP\r\n', [['550 2.0.0 no']]],
    ['Internal error', 'NOOP\r\n', [['451 4.3.0 Internal error, try again later']]],
  ])('%s', (problem, sent, heard) => expect(read(sent, ...heard)).toContain(problem));
});
