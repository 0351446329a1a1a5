import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWNED_FILES } from '../render/owned-files.ts';
import { ROOT, textsBelow, withRepositoryCopy } from '../test/repository.ts';
import { render, synth } from './synth.ts';

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

  it("changes nothing after Flux's own commit, which bumps both marked lines", async () => {
    await withRepositoryCopy(async (root) => {
      for (const file of ['app/images/prod.yaml', 'dist/k8s/prod/20-deployment.yaml']) {
        const text = readFileSync(join(root, file), 'utf8');
        const bumped = text.replace(
          /prod-20260101\.1(?= # \{"\$imagepolicy")/,
          `prod-20260102.10@sha256:${'a'.repeat(64)}`,
        );
        expect(bumped).not.toBe(text);
        writeFileSync(join(root, file), bumped);
      }
      const before = textsBelow(join(root, 'dist'));
      const { changes } = await synth(root, 'dist');
      expect(changes).toEqual({ added: [], changed: [], removed: [], unchanged: expect.any(Number) });
      expect(textsBelow(join(root, 'dist'))).toEqual(before);
    });
  });
});
