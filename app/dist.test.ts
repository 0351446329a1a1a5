import { describe, expect, it } from '@jest/globals';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OWNED_FILES } from '../render/owned-files.ts';
import { render, synth } from './synth.ts';

const ROOT = join(import.meta.dirname, '..');

function textsBelow(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')]),
  );
}

/** A repository of its own with the sources of this one, so that files may change. */
function repositoryCopy(): string {
  const root = mkdtempSync(join(tmpdir(), 'synth-'));
  for (const part of [
    'app',
    'constructs',
    'flux',
    'render',
    'checks',
    'relay-src',
    'secrets',
    'dist',
    '.sops.yaml',
    'package.json',
  ]) {
    cpSync(join(ROOT, part), join(root, part), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
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
    const { files }: { files: { source: string }[] } = JSON.parse(
      readFileSync(join(ROOT, 'dist', OWNED_FILES), 'utf8'),
    );
    expect(files.filter(({ source }) => !existsSync(join(ROOT, source)))).toEqual([]);
    expect(files).toHaveLength(Object.keys(textsBelow(join(ROOT, 'dist'))).length - 1);
  });

  it("changes nothing after Flux's own commit, which bumps both marked lines", async () => {
    const root = repositoryCopy();
    try {
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
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
