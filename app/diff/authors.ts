import { git } from '../../render/git-tree.ts';
import type { Author } from './consequence.ts';

/** Who last changed files of the repository, asked once a file. */
export function authorsIn(root: string): (path: string) => Author | undefined {
  const known = new Map<string, Author | undefined>();
  return (path) => {
    if (!known.has(path)) known.set(path, authorOf(root, path));
    return known.get(path);
  };
}

function authorOf(root: string, path: string): Author | undefined {
  try {
    if (git(root, ['status', '--porcelain', '--', path]) !== '') {
      return {
        name: git(root, ['config', '--default', 'you', 'user.name']).trim(),
        email: '',
        commit: undefined,
      };
    }
    const [commit, name, email] = git(root, ['log', '-1', '--format=%h%n%an%n%ae', '--', path]).split('\n');
    return commit === undefined || commit === ''
      ? undefined
      : { commit, name: name ?? '', email: email ?? '' };
  } catch {
    return undefined; // Not a work tree: who it was stays unknown.
  }
}
