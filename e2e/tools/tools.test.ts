import { afterEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

import { modules } from './cache.ts';
import { requireGo } from './go.ts';

describe('the pinned tools', () => {
  it('try mail in the same Mailpit as the cluster runs', () => {
    const images: unknown = parse(readFileSync(join(modules.tools, '../../app/images/prod.yaml'), 'utf8'));
    const goMod = readFileSync(join(modules.tools, 'go.mod'), 'utf8');
    const version = /^\s*github\.com\/axllent\/mailpit (v\S+)/m.exec(goMod)?.[1];
    expect(images).toMatchObject({ mailpit: expect.stringContaining(`axllent/mailpit:${version}`) });
  });
});

describe('requireGo', () => {
  const path = process.env['PATH'];
  const folder = mkdtempSync(join(tmpdir(), 'fake-go-'));
  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(join(folder, 'go'), { force: true });
  });

  /** Puts a program named go, alone, on the PATH; it answers `go env GOVERSION GOTOOLCHAIN`. */
  function installGo(version: string, toolchain: string): void {
    writeFileSync(join(folder, 'go'), `#!/bin/sh\necho ${version}\necho ${toolchain}\n`);
    chmodSync(join(folder, 'go'), 0o755);
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
