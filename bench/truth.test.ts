import { describe, expect, it } from '@jest/globals';
import { verify } from './truth.ts';

const told = (messages: number, errors = 0) => ({ messages, errors, size: 1000, complaints: 'RCPT: 451' });

describe('a measurement counts when every 250 was true', () => {
  it('as many messages at the sink as were accepted, a Received header longer', () => {
    expect(verify({ content: 1000 }, [told(10), told(5)], { messages: 15, bytes: 18_000 })).toEqual({
      cut: false,
    });
  });

  it.each([
    ['a message is lost', [told(10)], { messages: 9, bytes: 10_000 }],
    ['a message came twice', [told(10)], { messages: 11, bytes: 11_000 }],
    ['a message lost its end', [told(10)], { messages: 10, bytes: 9999 }],
    ['a message was refused', [told(9, 1)], { messages: 9, bytes: 9000 }],
  ])('not when %s', (_, results, sink) => {
    expect(() => verify({ content: 1000 }, results, sink)).toThrow();
  });

  it('nothing arrives of what was refused', () => {
    expect(() => verify({ content: 'refused' }, [told(10)], { messages: 1, bytes: 1000 })).toThrow();
  });

  it('an invitation may become smaller, and that is told', () => {
    expect(verify({ content: 'invitation' }, [told(1)], { messages: 1, bytes: 500 })).toEqual({ cut: true });
  });
});
