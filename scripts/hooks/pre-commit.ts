/**
 * `npm run hook`: what the git hook does before a commit; `npm run hooks` switches it on.
 * Exit codes: 0 commit, 1 something is to be put right first, 2 could not run.
 */
import { join } from 'node:path';
import { checkCommit } from './check-commit.ts';

try {
  const colours = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
  const { allowed, says } = await checkCommit(join(import.meta.dirname, '../..'), colours);
  process.stderr.write(says);
  process.exitCode = allowed ? 0 : 1;
} catch (error) {
  process.stderr.write(`The hook could not run: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
