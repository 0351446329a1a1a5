import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../tools/run.ts';

/** buildah with a storage of its own: nothing on the machine is used, changed or left behind. */
export class Buildah {
  /** Holds all that buildah writes. */
  readonly folder: string;
  #running: Promise<unknown> = Promise.resolve();
  #removed = false;

  /** @param folder exists and is empty; `remove` removes it. */
  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'tmp'));
  }

  /** Runs one command and returns what it prints, without the end of line. */
  async run(...args: string[]): Promise<string> {
    if (this.#removed) throw new Error('the storage is being removed');
    const running = this.#run(...args);
    this.#running = running.catch(() => undefined);
    return running;
  }

  /** Builds an image and returns its id. */
  async build(...args: string[]): Promise<string> {
    return this.run('bud', '--quiet', ...args);
  }

  /** Mounts the files of an image and returns where. */
  async mount(image: string): Promise<string> {
    return this.run('mount', await this.run('from', '--pull-never', image));
  }

  /** Waits for the command under way, then unmounts and removes everything. */
  async remove(): Promise<void> {
    this.#removed = true;
    await this.#running;
    await this.#run('umount', '--all');
    await this.#run('rm', '--all');
    for (const mount of mountsBelow(this.folder)) await run('umount', [mount], { cwd: '/' });
    rmSync(this.folder, { recursive: true });
  }

  async #run(...args: string[]): Promise<string> {
    const storage = ['--root', join(this.folder, 'root'), '--runroot', join(this.folder, 'run')];
    const env = { TMPDIR: join(this.folder, 'tmp') };
    return (await run('buildah', [...storage, ...args], { cwd: this.folder, env })).trim();
  }
}

/** Mount points in a folder, the innermost first. */
function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`))
    .toReversed();
}
