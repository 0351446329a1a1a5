import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

/** What a program prints that logs these; each statement has `log`. */
function printed(format: 'json' | 'text', ...statements: string[]): string[] {
  const program = `
    import pino from 'pino';
    import { createLog } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)};
    const { log, flush } = createLog({ level: 'info', format: '${format}' });
    const own = pino({ base: undefined, timestamp: () => ',"time":""', formatters: { level: (level) => ({ level }) } },
      { write: (line) => process.stdout.write(line) });
    ${statements.join('\n')}
    flush();`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  return output.trimEnd().split('\n');
}

const withoutTime = (line: string): string => line.replace(/"time":"[^"]*"/, '"time":""');

describe('a line is what pino itself would print', () => {
  it.each([
    ['a record and a message', `info({ tx: 'a', bytes: 12, to: [{ to: 'u@x' }], no: false }, 'transaction')`],
    ['text that needs escapes', `warn({ 'a"b': 'c"\\n\\u2028ü' }, 'say "x"\\n')`],
    ['what JSON has no word for', `info({ gone: undefined, far: Infinity, none: null, f() {} }, 'x')`],
    ['a message alone', `info('stopped')`],
    ['a record alone', `info({ a: 1 })`],
    ['nothing', `info({})`],
    ['an error', `error(Object.assign(new Error('broken'), { stack: 'at a line' }))`],
    [
      'an error in a record',
      `error({ err: Object.assign(new Error('no'), { stack: 's' }), id: 1 }, 'failed')`,
    ],
    [
      'an error with a message, at a level that is fine',
      `info(Object.assign(new Error('no'), { stack: 's' }), 'went on')`,
    ],
    ['a message with marks and nothing to put there', `info({ a: 1 }, '100 %s %% %d')`],
    ['a message with something to put there', `info({ a: 1 }, 'it is %s', 'so')`],
    ['what points back at itself', `info((() => { const a = { id: 1 }; a.a = a; return a; })(), 'x')`],
    ['a BigInt', `info({ size: 1n }, 'x')`],
    ['a list', `info(['a', 'b'], 'x')`],
    ['a child', `child({ part: 'spool' }).info({ a: 1 }, 'x')`],
  ])('%s', (_, call) => {
    const [ours = '', theirs = ''] = printed('json', `log.${call}; flush();`, `own.${call};`);
    expect(JSON.parse(ours)).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/));
    expect(withoutTime(ours)).toBe(theirs);
  });
});

it('below its level nothing is printed', () => {
  expect(printed('json', `log.debug('x'); log.info('y')`)).toEqual([expect.stringContaining('"msg":"y"')]);
});

it('as text: time, level, message, then the rest', () => {
  expect(printed('text', `log.info({ tx: 'a b', n: 1 }, 'transaction')`)).toEqual([
    expect.stringMatching(/^\S+Z info transaction tx="a b" n=1$/),
  ]);
});
