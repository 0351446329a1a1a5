import { afterEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

import { cacheVariable, modules } from './cache.ts';
import { requireGo } from './go.ts';
import { tool } from './tools.ts';

describe('the pinned tools', () => {
  it('try mail in the same Mailpit as the cluster runs', () => {
    const images: unknown = parse(readFileSync(join(modules.tools, '../../app/images/prod.yaml'), 'utf8'));
    const goMod = readFileSync(join(modules.tools, 'go.mod'), 'utf8');
    const version = /^\s*github\.com\/axllent\/mailpit (v\S+)/m.exec(goMod)?.[1];
    expect(images).toMatchObject({ mailpit: expect.stringContaining(`axllent/mailpit:${version}`) });
  });
});

const path = process.env['PATH'];
const folder = mkdtempSync(join(tmpdir(), 'fake-go-'));
afterEach(() => {
  process.env['PATH'] = path;
  delete process.env[cacheVariable];
  rmSync(join(folder, 'go'), { force: true });
});

/** Puts a program named go on the PATH. */
function installScript(script: string): void {
  writeFileSync(join(folder, 'go'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'go'), 0o755);
}

describe('tool', () => {
  it('builds what two ask for at the same time once', async () => {
    // `go build -trimpath -ldflags FLAGS -o OUTPUT PACKAGE`
    installScript(
      'case $1 in env) echo go1.99.0; echo auto;; build) echo $7 >> $0.log; echo tool > $6;; esac',
    );
    process.env['PATH'] = `${folder}:${path}`;
    process.env[cacheVariable] = join(folder, 'cache');
    const [one, other] = await Promise.all([tool('age', () => undefined), tool('age', () => undefined)]);
    expect(other).toBe(one);
    expect(readFileSync(one, 'utf8')).toBe('tool\n');
    expect(readFileSync(join(folder, 'go.log'), 'utf8')).toBe('filippo.io/age/cmd/age\n');
  });
});

describe('requireGo', () => {
  /** A go that answers `go env GOVERSION GOTOOLCHAIN`. */
  function installGo(version: string, toolchain: string): void {
    installScript(`echo ${version}\necho ${toolchain}`);
  }

  it.each([
    { version: 'go1.26.0', toolchain: 'local', verdict: 'usable' },
    { version: 'go1.27rc1', toolchain: 'local', verdict: 'usable' },
    { version: 'go1.25.9', toolchain: 'local', verdict: /this is go1\.25\.9 .* Go 1\.26\.0 or newer/ },
    { version: 'go1.21.13', toolchain: 'auto', verdict: 'usable' },
    { version: 'go1.19.8', toolchain: '', verdict: /this is go1\.19\.8/ },
  ])('finds $version with GOTOOLCHAIN=$toolchain: $verdict', async ({ version, toolchain, verdict }) => {
    installGo(version, toolchain);
    process.env['PATH'] = folder;
    const answer = await requireGo(modules.tools).then(
      () => 'usable',
      (error: Error) => error.message,
    );
    expect(answer).toMatch(verdict);
  });

  it('says what to install when there is no Go', async () => {
    process.env['PATH'] = folder;
    await expect(requireGo(modules.tools)).rejects.toThrow(
      'go was not found on the PATH. Go 1.26.0 or newer is needed',
    );
  });
});
