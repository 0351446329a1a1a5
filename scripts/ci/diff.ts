/**
 * `npm run ci:diff -- --against origin/main`: the diff of a merge request as Markdown: into `build/diff.md`, the
 * summary of the job, and one comment of the merge request, which is updated in place.
 * Exit codes: 0 done, 2 could not run. That something changes is no failure of a merge request.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { diffAgainst } from '../../app/diff/diff.ts';
import { COMMENT_MARK, formatDiff } from '../../app/diff/format.ts';
import { git } from '../../render/git-tree.ts';
import { CommentError, commentsOf, putComment } from './comment.ts';
import { runCommand } from './run-command.ts';

const root = join(import.meta.dirname, '../..');

async function main({ against }: { against: string }): Promise<void> {
  // What the branch itself changes, not what was merged into the target meanwhile.
  const base = git(root, ['merge-base', '--', against, 'HEAD']).trim();
  const diff = await diffAgainst(root, base);
  const text = formatDiff({ ...diff, before: against, after: 'this branch' }, 'markdown', false);
  mkdirSync(join(root, 'build'), { recursive: true });
  writeFileSync(join(root, 'build/diff.md'), text);
  process.stdout.write(formatDiff(diff, 'text', false));
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined) appendFileSync(summary, text);
  const comments = commentsOf(process.env);
  if (comments === undefined) return;
  try {
    const done = await putComment(comments, COMMENT_MARK, text, diff.environments.length > 0);
    process.stdout.write(`comment: ${done}\n`);
  } catch (error) {
    // A merge request from a fork has a token that only reads.
    if (!(error instanceof CommentError) || error.status !== 403) throw error;
    process.stderr.write(`no comment was written, since the token may not: ${error.message}\n`);
  }
}

await runCommand(
  new Command('npm run ci:diff --')
    .description('Say in a merge request what it changes in the cluster.')
    .requiredOption('--against <revision>', 'the branch that it is to be merged into')
    .action(main),
);
