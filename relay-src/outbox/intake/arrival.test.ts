import { describe, expect, it } from '@jest/globals';
import { Arrival, maxHeaderBytes } from './arrival.ts';

const received = 'Received: from a\r\n\tby b with ESMTP id tx7;\r\n\tnow\r\n';
const message = `${received}Message-ID:\r\n <1@app.example>\r\nSubject: x\r\n\r\nbody\r\n\r\nmore\r\n`;

function arrive(text: string, piece: number): Arrival {
  const arrival = new Arrival();
  for (let at = 0; at < text.length; at += piece) arrival.push(Buffer.from(text.slice(at, at + piece)));
  return arrival;
}

describe('a message that comes in', () => {
  it('is the same in pieces of any size', () => {
    const seen = [1, 2, 3, 5, 7, 50, 1000].map((piece) => {
      const arrival = arrive(message, piece);
      return [arrival.header()?.toString(), arrival.tx(), arrival.key('a', ['b', 'c'])];
    });
    expect(new Set(seen.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(seen[0]?.[0]).toBe(message.slice(0, message.indexOf('body')));
    expect(seen[0]?.[1]).toBe('tx7');
  });

  it('is known again whatever its topmost Received says, and by nothing else', () => {
    const key = (text: string): string | undefined => arrive(text, 9).key('a', ['b', 'c']);
    expect(key(message)).toBe(key(message.replace('tx7', 'tx8')));
    expect(arrive(message, 9).key('a', ['c', 'b'])).toBe(key(message));
    expect(key(message)).not.toBe(key(message.replace('more', 'less')));
    expect(key(message)).not.toBe(key(message.replace('Subject: x', `${received}Subject: x`)));
    expect(key(message.replace('app.example', 'mailpit'))).toBeUndefined();
    expect(key(message.replace('Subject', 'Message-ID'))).toBeUndefined();
    expect(key(received)).toBeUndefined();
  });

  it('may have no header, or no body, or too much of a header', () => {
    expect(arrive('\r\nbody\r\n', 1).header()?.toString()).toBe('\r\n');
    expect(arrive('Subject: x\r\n', 4).header()?.toString()).toBe('Subject: x\r\n');
    expect(arrive('', 1).header()?.toString()).toBe('');
    expect(arrive(`X: y\r\n`.repeat(maxHeaderBytes / 4), 60_000).header()).toBeUndefined();
  });
});
