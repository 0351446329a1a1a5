import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { commit, copyRepository, git } from '../../smoke/checkout.ts';
import type { Host } from '../host.ts';
import type { GitServer } from './git-server.ts';

/** A working copy of this repository as it is now, whose commits go to the git server. */
export class Checkout {
  readonly folder: string;
  readonly #remote: readonly string[];
  readonly #branch: string;

  private constructor(folder: string, { url, username, password }: GitServer, branch: string) {
    this.folder = folder;
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    this.#remote = [
      '-c',
      `http.extraHeader=Authorization: Basic ${basic}`,
      'push',
      '--quiet',
      '--force',
      url,
    ];
    this.#branch = branch;
  }

  static async make(host: Host, server: GitServer, branch: string): Promise<Checkout> {
    const checkout = new Checkout(host.path('checkout'), server, branch);
    await copyRepository(checkout.folder);
    await checkout.commit('The repository as it is');
    return checkout;
  }

  /** Commits everything and pushes it; returns the commit's hash. */
  async commit(message: string, author?: { name: string; email: string }): Promise<string> {
    await commit(this.folder, message, author);
    await this.#push();
    return this.head();
  }

  /** Goes back to a commit, also on the server. */
  async reset(to: string): Promise<void> {
    await this.git('reset', '--quiet', '--hard', to);
    await this.#push();
  }

  async head(): Promise<string> {
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  git(...args: string[]): Promise<string> {
    return git(this.folder, args);
  }

  /** Rewrites a file. @throws when that changes nothing: the file is not what was expected. */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.folder, file);
    const before = readFileSync(path, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`${file} has nothing to change: \n${before}`);
    writeFileSync(path, after);
  }

  async #push(): Promise<void> {
    await this.git(...this.#remote, `HEAD:refs/heads/${this.#branch}`);
  }
}
