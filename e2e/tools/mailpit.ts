import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { modules } from './cache.ts';
import { goBuild } from './go.ts';
import { run, ToolError } from './run.ts';

const modulePath = 'github.com/axllent/mailpit';

/**
 * Builds Mailpit with its web UI. The UI is not in the module zip (upstream bundles it at release time), so
 * the module is copied, its bundle made with the npm packages that its own lock file names, and the program
 * built there, as upstream's Dockerfile does.
 */
export async function buildMailpit(output: string): Promise<void> {
  const { Dir: source, Version: version } = await download();
  const folder = await mkdtemp(`${output}-source-`);
  try {
    await run('cp', ['-R', `${source}/.`, folder], { cwd: modules.tools });
    await run('chmod', ['-R', 'u+w', folder], { cwd: modules.tools });
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
    await run('npm', ['run', 'package'], { cwd: folder });
    await goBuild(folder, '.', join(folder, 'mailpit-binary'), `-X ${modulePath}/config.Version=${version}`);
    await run('mv', [join(folder, 'mailpit-binary'), output], { cwd: modules.tools });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mailpit's module at the version that go.mod names, its checksum compared with go.sum. */
async function download(): Promise<{ Dir: string; Version: string }> {
  const stdout = await run('go', ['mod', 'download', '-json', modulePath], { cwd: modules.tools });
  const answer: unknown = JSON.parse(stdout);
  if (
    typeof answer === 'object' &&
    answer !== null &&
    'Dir' in answer &&
    'Version' in answer &&
    typeof answer.Dir === 'string' &&
    typeof answer.Version === 'string'
  ) {
    return { Dir: answer.Dir, Version: answer.Version };
  }
  throw new ToolError(`go mod download gave no folder for ${modulePath}: ${stdout}`);
}
