import { appendFileSync, cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../tools/run.ts';

const root = join(import.meta.dirname, '../..');

/** A committed copy of the repository as it is now, with the installed packages; gone afterwards. */
export async function withCheckout(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'checkout-'));
  try {
    await copyRepository(folder);
    await commit(folder, 'before');
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes a repository of its own in a folder: all files that git has or would take here, and the installed packages. */
export async function copyRepository(to: string): Promise<void> {
  const files = await git(root, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  for (const file of files.split('\0')) {
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(to, file));
  }
  await git(to, ['init', '--quiet']);
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'));
  // `node_modules/` in .gitignore is a folder, and this is a link.
  appendFileSync(join(to, '.git/info/exclude'), 'node_modules\n');
}

/** Commits everything in a checkout, as somebody who is told from people. */
export async function commit(
  folder: string,
  message: string,
  { name, email } = { name: 'smoke', email: 'smoke@localhost' },
): Promise<void> {
  await git(folder, ['add', '--all']);
  const author = ['-c', `user.name=${name}`, '-c', `user.email=${email}`];
  await git(folder, [...author, 'commit', '--quiet', '--no-verify', '--message', message]);
}

/** Runs git in a checkout and returns what it prints. */
export function git(folder: string, args: string[]): Promise<string> {
  return run('git', args, { cwd: folder });
}
