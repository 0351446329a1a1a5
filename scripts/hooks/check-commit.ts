import { checkRepository } from '../../app/check/check-repository.ts';
import { human } from '../../checks/report/human.ts';
import { hasErrors } from '../../checks/report/report.ts';
import { git } from '../../render/git-tree.ts';

/** What is rendered, and what it is rendered from. */
const FOLDERS = [
  'dist',
  'app',
  'constructs',
  'flux',
  'render',
  'checks',
  'secrets',
  'relay-src',
  '.sops.yaml',
];

export interface Verdict {
  readonly allowed: boolean;
  /** For the person who commits; empty where there is nothing to say. */
  readonly says: string;
}

/**
 * Judges a commit before it is made: is `dist/` what the sources render, does every check hold, and is what was
 * rendered part of the commit? One that has nothing to do with it is allowed unseen.
 *
 * @param root folder of the repository, a git work tree
 */
export async function checkCommit(root: string, colours: boolean): Promise<Verdict> {
  const files = (...args: readonly string[]): string[] =>
    git(root, [...args, '--', ...FOLDERS])
      .split('\n')
      .filter(Boolean);
  if (files('diff', '--cached', '--name-only').length === 0) return { allowed: true, says: '' };
  const report = await checkRepository(root, true);
  if (hasErrors(report)) {
    const hint = 'Not committed. Mostly `npm run synth && git add dist` is what is missing.';
    return { allowed: false, says: `${human(report, colours)}\n${hint}\n` };
  }
  // The check read the working tree; what is committed is the index.
  return judgeApart([
    ...files('diff', '--name-only'),
    ...files('ls-files', '--others', '--exclude-standard'),
  ]);
}

/** Judges what was checked and is not part of the commit. */
export function judgeApart(apart: readonly string[]): Verdict {
  const rendered = apart.filter((file) => file.startsWith('dist/'));
  if (rendered.length > 0) {
    return {
      allowed: false,
      says: `Not committed: rendered files are not part of it (${rendered.join(', ')}). Run git add dist.\n`,
    };
  }
  const others =
    apart.length === 0
      ? ''
      : `Checked with changes that are not part of this commit (${apart.join(', ')}).\n`;
  return { allowed: true, says: others };
}
