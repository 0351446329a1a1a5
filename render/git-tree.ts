/** Files of a git revision, read without a checkout. */
import { spawnSync } from 'node:child_process';

/**
 * The text of every file below a folder at a revision, by its path in that folder; empty where the revision has no
 * such folder.
 *
 * @param root a folder of the work tree
 * @throws when git does not know the revision
 */
export function filesAtRevision(root: string, revision: string, folder: string): Map<string, string> {
  const commit = git(root, ['rev-parse', '--verify', '--end-of-options', `${revision}^{commit}`]).trim();
  const entries = git(root, ['ls-tree', '-r', '-z', commit, `${folder}/`])
    .split('\0')
    .flatMap((entry) => {
      const match = /^\d+ blob (\w+)\t(.*)$/s.exec(entry);
      return match === null ? [] : [{ id: match[1] ?? '', path: match[2] ?? '' }];
    });
  const bytes = run(root, ['cat-file', '--batch'], entries.map(({ id }) => `${id}\n`).join(''));
  let offset = 0;
  return new Map(
    entries.map(({ path }) => {
      const end = bytes.indexOf('\n', offset);
      const size = Number(bytes.toString('utf8', offset, end).split(' ')[2]);
      const text = bytes.toString('utf8', end + 1, end + 1 + size);
      offset = end + 1 + size + 1;
      return [path.slice(folder.length + 1), text];
    }),
  );
}

/** Standard output of git. @throws with what it said on standard error */
export function git(root: string, args: readonly string[]): string {
  return run(root, args).toString('utf8');
}

function run(root: string, args: readonly string[], input = ''): Buffer {
  const { status, stdout, stderr, error } = spawnSync('git', ['-C', root, ...args], {
    input,
    maxBuffer: 2 ** 30,
  });
  if (error !== undefined) throw new Error(`git cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(stderr.toString('utf8').trim() || `git ${args[0]} failed`);
  return stdout;
}
