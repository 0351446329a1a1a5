import { describe, expect, it } from '@jest/globals';
import { readReply, type Context } from './reply.ts';

describe('a reply', () => {
  it.each<[Context, string[], string]>([
    ['greeting', ['220 relay.example ESMTP'], ''],
    ['hello', ['250-relay.example', '250 SIZE 1'], ''],
    ['hello', ['501 Syntax: EHLO hostname'], ''],
    ['command', ['250 2.1.0 Ok'], '2.1.0'],
    ['command', ['550-5.7.1 no', '550 5.7.1 and why'], '5.7.1'],
    ['data', ['354 Go on'], ''],
  ])('is well formed: %s %j', (context, lines, enhanced) =>
    expect(readReply(lines, context)).toEqual({ code: Number(lines[0]?.slice(0, 3)), enhanced, lines }),
  );

  it.each<[Context, string[]]>([
    ['greeting', ['220 2.0.0 relay.example']],
    ['command', ['250 Ok']],
    ['command', ['550 4.7.1 no']],
    ['command', ['250-2.0.0 Ok']],
    ['command', ['250-2.0.0 one', '251 2.0.0 two']],
    ['command', ['550-5.7.1 no', '550 5.7.0 and why']],
    ['command', ['250 2.0.0 \xe4']],
    ['command', [`250 2.0.0 ${'x'.repeat(501)}`]],
    ['data', ['354 3.0.0 Go on']],
    ['data', ['503 no enhanced code']],
    ['hello', ['250 2.0.0 relay.example']],
  ])('is not: %s %j', (context, lines) => expect(typeof readReply(lines, context)).toBe('string'));
});
