import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../render/git-tree.ts';
import { withRepositoryCopy } from './repository.ts';

/** A copy of the repository that is a git work tree of its own, with one commit. */
export async function withGitCopy<T>(body: (root: string) => Promise<T>): Promise<T> {
  return withRepositoryCopy(async (root) => {
    git(root, ['init', '-q', '-b', 'main']);
    // The packages are a link to ours.
    appendFileSync(join(root, '.git/info/exclude'), 'node_modules\n');
    commitAll(root, 'first');
    return body(root);
  });
}

/** Commits everything. */
export function commitAll(root: string, message: string): void {
  git(root, ['add', '-A']);
  git(root, [...IDENTITY, 'commit', '-q', '--no-verify', '--allow-empty', '-m', message]);
}

const IDENTITY = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', '-c', 'commit.gpgsign=false'];
