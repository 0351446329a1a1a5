import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run, ToolError } from './run.ts';

/**
 * Checks that Go is installed and new enough for the module in a folder. Go 1.21 and newer fetch the version that
 * go.mod asks for by themselves, unless GOTOOLCHAIN=local.
 *
 * @throws {ToolError} that says which version is needed and which was found.
 */
export async function requireGo(module: string): Promise<void> {
  const needed = /^go (\S+)$/m.exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1] ?? '';
  const install = `Go ${needed} or newer is needed: see https://go.dev/doc/install`;
  let found: string;
  try {
    // Outside the module, because a Go older than 1.24 cannot even read its go.mod.
    found = await run('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { cwd: tmpdir() });
  } catch {
    throw new ToolError(`go was not found on the PATH. ${install}`);
  }
  const [version = '', toolchain = ''] = found.split('\n');
  const usable = toolchain === 'local' ? atLeast(version, needed) : atLeast(version, '1.21');
  if (!usable) throw new ToolError(`this is ${version} (GOTOOLCHAIN=${toolchain}). ${install}`);
}

/** Whether `go1.26.8` is at least `1.26.0`. */
export function atLeast(version: string, needed: string): boolean {
  const [a, b] = [version, needed].map((text) => (text.match(/\d+/g) ?? []).map(Number));
  for (const [index, number] of (b ?? []).entries()) {
    const own = a?.[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}

/** Builds one main package to `output`, in the module of `cwd`; static, so that it also runs in an image. */
export async function goBuild(cwd: string, packagePath: string, output: string, ldflags = ''): Promise<void> {
  const flags = `-s -w ${ldflags}`.trim();
  await run('go', ['build', '-trimpath', '-ldflags', flags, '-o', output, packagePath], {
    cwd,
    env: { CGO_ENABLED: '0' },
  });
}
