import { git } from '../../render/git-tree.ts';
import type { ChangedFile } from './image-decision.ts';

/** The tree without files, which git knows without having it. */
const NOTHING = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

/**
 * What changed between two revisions.
 *
 * @param before where a push began; unknown (a new branch, a forced push) means: the last commit alone
 */
export function changedFiles(root: string, before: string | undefined, after: string): ChangedFile[] {
  const from = knownCommit(root, before) ?? knownCommit(root, `${after}^`) ?? NOTHING;
  return parseDiff(
    git(root, ['diff', '--unified=0', '--no-color', '--no-ext-diff', '--no-renames', from, after]),
  );
}

function knownCommit(root: string, revision: string | undefined): string | undefined {
  // Both CI systems write zeros where there was nothing before.
  if (revision === undefined || /^0*$/.test(revision)) return undefined;
  try {
    return git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]).trim();
  } catch {
    return undefined;
  }
}

/** The files of a unified diff without context, with their lines. */
export function parseDiff(diff: string): ChangedFile[] {
  return diff
    .split(/^diff --git /m)
    .slice(1)
    .map((part) => {
      const [head = '', ...hunks] = part.split(/^@@ .* @@.*\n/m);
      const path =
        /^\+\+\+ b\/(.*)$/m.exec(head)?.[1] ??
        /^--- a\/(.*)$/m.exec(head)?.[1] ??
        /^a\/(.*?) b\//.exec(head)?.[1] ??
        '';
      const lines = hunks
        .flatMap((hunk) => hunk.split('\n'))
        .filter((line) => line.startsWith('+') || line.startsWith('-'))
        .map((line) => line.slice(1));
      return { path, lines };
    });
}
