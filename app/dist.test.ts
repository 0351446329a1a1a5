import { describe, expect, it } from '@jest/globals';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWNED_FILES } from '../render/owned-files.ts';
import { ROOT, textsBelow, withRepositoryCopy } from '../test/repository.ts';
import { render, synth } from './synth.ts';

/** Writes a newer tag into each marked line, as Flux does; returns how many there were. */
function bump(file: string): number {
  let lines = 0;
  const text = readFileSync(file, 'utf8').replaceAll(
    /-\d{8}\.\d+(@sha256:\w+)?(?= # \{"\$imagepolicy")/g,
    () => ((lines += 1), `-20991231.10@sha256:${'a'.repeat(64)}`),
  );
  writeFileSync(file, text);
  return lines;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe('dist/', () => {
  it('is what the sources render, byte for byte', async () => {
    const { files } = await render(ROOT);
    const rendered = Object.fromEntries(
      files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('utf8')]),
    );
    expect(textsBelow(join(ROOT, 'dist'))).toEqual(rendered);
  });

  it('names a source that exists for every file', () => {
    const list: { files: { source: string }[] } = JSON.parse(
      readFileSync(join(ROOT, 'dist', OWNED_FILES), 'utf8'),
    );
    expect(list.files.filter(({ source }) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect(list.files).toHaveLength(Object.keys(textsBelow(join(ROOT, 'dist'))).length - 1);
  });

  it("changes nothing after Flux's own commit, which bumps all marked lines", async () => {
    await withRepositoryCopy(async (root) => {
      const source = globSync('app/images/*.yaml', { cwd: root }).map((file) => bump(join(root, file)));
      const rendered = globSync('dist/**/*.yaml', { cwd: root }).map((file) => bump(join(root, file)));
      expect(sum(rendered)).toBe(sum(source));
      const before = textsBelow(join(root, 'dist'));
      const { changes } = await synth(root, 'dist');
      expect(changes).toEqual({ added: [], changed: [], removed: [], unchanged: expect.any(Number) });
      expect(textsBelow(join(root, 'dist'))).toEqual(before);
    });
  });
});
