import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { run, ToolError } from '../tools/run.ts';

const root = join(import.meta.dirname, '../..');

/** The last commit before delivery moved from smtp2graph to outbox: what a cluster may run without a release. */
const beforeReleases = '3e28401';

/** What a cluster may be updated from: the newest release, or where the first deployments stood. */
export async function olderVersion(): Promise<string> {
  const tags = await git('tag', '--list', 'v*', '--sort=-version:refname');
  const version = tags.split('\n')[0] || beforeReleases;
  await git('cat-file', '-e', `${version}^{commit}`).catch(() => {
    throw new ToolError(`this clone lacks the commit ${version}, to update from: git fetch --unshallow`);
  });
  return version;
}

/** Writes `dist/` of a version into a folder and returns where it is. */
export async function checkoutDist(version: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'dist.tar');
  await git('archive', '--output', archive, version, 'dist');
  await run('tar', ['-xf', archive, '-C', folder], { cwd: folder });
  return join(folder, 'dist');
}

function git(...args: string[]): Promise<string> {
  return run('git', args, { cwd: root });
}
