import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from './input-error.ts';
import { render } from './synth.ts';

/** Each folder is a repository with one mistake, and `expected-error.txt` is what its user reads. */
const CASES = join(import.meta.dirname, 'bad-settings');

describe('a mistake in an environment', () => {
  it.each(readdirSync(CASES))('%s', async (name) => {
    const root = join(CASES, name);
    const expected = readFileSync(join(root, 'expected-error.txt'), 'utf8').trimEnd().split('\n');
    const error: unknown = await render(root).then(
      () => 'rendered without an error',
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(InputError);
    expect(error instanceof InputError && error.problems).toEqual(expected);
    expect(existsSync(join(root, 'dist'))).toBe(false);
  });
});
