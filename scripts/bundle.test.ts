import { beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe.each([
  { program: 'mx-validator', wrong: 'UPSTREAM_PORT="none"', uses: 'smtp-server' },
  { program: 'outbox', wrong: '/etc/outbox/outbox.yaml: cannot be read', uses: '@azure/msal-node' },
])('the bundle of $program', ({ program, wrong, uses }) => {
  // Outside the repository, where no package can be found.
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  const bundle = join(folder, `${program}.mjs`);

  beforeAll(() => {
    const { status, stderr } = node(join(import.meta.dirname, 'bundle.ts'), program, folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is complete: it starts where there are no packages, and reads its configuration', () => {
    const { status, stderr } = node(bundle);
    expect(stderr).toMatch(wrong);
    expect(status).toBe(78);
  });

  it('comes with the licence of every package in it', () => {
    // esbuild says where code comes from: `// node_modules/pino/lib/levels.js`.
    const origins = readFileSync(bundle, 'utf8').matchAll(
      /^\/\/ \S*node_modules\/((?:@[^/]+\/)?[^/]+)\/\S+$/gm,
    );
    const packages = new Set([...origins].map(([, name]) => name));
    const notices = readFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
    const headings = [...notices.matchAll(/^(\S+) \S+ \(\S+\)$/gm)].map(([, name]) => name);
    expect(new Set(headings)).toEqual(packages);
    expect(headings).toContain(uses);
  });

  it('names no folder of the machine that made it', () => {
    expect(readFileSync(bundle, 'utf8')).not.toContain(join(import.meta.dirname, '..'));
  });
});

function node(...args: string[]): { status: number | null; stderr: string } {
  const env = { PATH: process.env['PATH'], UPSTREAM_PORT: 'none' };
  return spawnSync(process.execPath, args, { env, encoding: 'utf8' });
}
