import { afterEach, describe, expect, it } from '@jest/globals';

import { startProgram } from './process.ts';
import type { Running } from './process.ts';
import { until } from './until.ts';

const started: Running[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((program) => program.stop()));
});

/** Starts `node -e script`; what it prints is collected. */
function node(script: string): { program: Running; lines: string[] } {
  const lines: string[] = [];
  const program = startProgram({
    name: 'example',
    command: process.execPath,
    args: ['-e', script],
    env: {},
    onLine: (line) => lines.push(line),
  });
  started.push(program);
  return { program, lines };
}

describe('startProgram', () => {
  it('hands on both streams, to the last line, and says how the program ended', async () => {
    const { program, lines } = node("console.log('one'); console.error('two'); process.exitCode = 3");
    expect(await program.ended).toBe('exit code 3');
    expect(lines.toSorted()).toEqual(['one', 'two']);
  });

  it('lets a program end in its own way', async () => {
    const { program, lines } = node(
      "setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0)); console.log('ready')",
    );
    await until('the program', async () => lines[0]);
    await program.stop();
    expect(await program.ended).toBe('exit code 0');
  });

  it('says why a program did not start', async () => {
    const program = startProgram({
      name: 'none',
      command: '/does/not/exist',
      args: [],
      env: {},
      onLine: () => {},
    });
    expect(await program.ended).toMatch('it did not start: spawn /does/not/exist ENOENT');
  });
});

describe('until', () => {
  it('gives the first value, and takes an error for "not yet"', async () => {
    let calls = 0;
    const probe = async (): Promise<number | undefined> => {
      calls += 1;
      if (calls === 1) throw new Error('connection refused');
      return calls === 2 ? undefined : calls;
    };
    expect(await until('three', probe)).toBe(3);
  });

  it('names what was waited for, and the last reason', async () => {
    const waiting = until('Mailpit', () => Promise.reject(new Error('connection refused')), { seconds: 0.1 });
    await expect(waiting).rejects.toThrow('waited 0.1 s for Mailpit: connection refused');
  });

  it('does not wait for a program that has ended', async () => {
    const { program } = node('process.exit(78)');
    await expect(until('it', async () => undefined, { of: program })).rejects.toThrow(
      'example ended while we waited for it: exit code 78',
    );
  });
});
