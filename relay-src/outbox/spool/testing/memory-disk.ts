/** A disk in memory that keeps a record of every operation, and can be found as a power failure would leave it. */
import { dirname } from 'node:path';
import type { Files, OpenFile } from '../files.ts';
import { afterPowerFailure, fingerprint, type Thoroughness } from './power-failure.ts';
import { copyTree, emptyTree, inodeAt, perform, type Operation, type Tree } from './tree.ts';

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

export class MemoryDisk implements Files {
  /** All that was done to it. */
  readonly log: Operation[] = [];
  /** There is no room for files with such a name. */
  full: RegExp | undefined;
  readonly #start: Tree;
  readonly #tree: Tree;
  #lastInode: number;

  /** Empty, or as it was found. */
  constructor(found: Tree = emptyTree()) {
    this.#start = copyTree(found);
    this.#tree = copyTree(found);
    this.#lastInode = Math.max(0, ...found.contents.keys());
  }

  /** The disks that may be found if the power fails after the first operations; `ignored` ones are never done. */
  *afterFailure(
    operations: number,
    thoroughness: Thoroughness,
    ignored?: (operation: Operation) => boolean,
  ): Generator<MemoryDisk> {
    const done = this.log.slice(0, operations).filter((one) => ignored === undefined || !ignored(one));
    for (const tree of afterPowerFailure(this.#start, done, thoroughness)) yield new MemoryDisk(tree);
  }

  /** The same for two disks with the same files. */
  fingerprint(): string {
    return fingerprint(this.#tree);
  }

  /** Paths of all files. */
  paths(): string[] {
    return [...this.#tree.folders].flatMap(([folder, names]) =>
      [...names.keys()].map((name) => `${folder}/${name}`),
    );
  }

  /** Made and on disk at once: folders are made before the first message. */
  async makeFolder(folder: string): Promise<void> {
    for (let at = folder; at !== dirname(at) && !this.#tree.folders.has(at); at = dirname(at)) {
      this.#tree.folders.set(at, new Map());
      this.#start.folders.set(at, new Map());
    }
  }

  async list(folder: string): Promise<string[]> {
    const names = this.#tree.folders.get(folder);
    if (names === undefined) throw failure('ENOENT', folder);
    return [...names.keys()];
  }

  async read(path: string): Promise<Buffer | undefined> {
    return this.readMany([path])[0];
  }

  readMany(paths: readonly string[]): (Buffer | undefined)[] {
    return paths.map((path) => this.#tree.contents.get(inodeAt(this.#tree, path) ?? 0));
  }

  async create(path: string): Promise<OpenFile> {
    if (inodeAt(this.#tree, path) !== undefined) throw failure('EEXIST', path);
    this.#lastInode += 1;
    this.#do({ kind: 'create', path, inode: this.#lastInode });
    return this.#open(this.#lastInode, path);
  }

  async append(path: string): Promise<OpenFile> {
    const inode = inodeAt(this.#tree, path);
    return inode === undefined ? this.create(path) : this.#open(inode, path);
  }

  async overwrite(path: string, bytes: Buffer): Promise<void> {
    this.#do({ kind: 'overwrite', inode: this.#existing(path), bytes });
  }

  async rename(from: string, to: string): Promise<void> {
    this.#existing(from);
    this.#do({ kind: 'rename', from, to });
  }

  async remove(path: string): Promise<void> {
    if (inodeAt(this.#tree, path) !== undefined) this.#do({ kind: 'remove', path });
  }

  async syncFolder(folder: string): Promise<void> {
    this.#do({ kind: 'syncFolder', folder });
  }

  async free(): Promise<{ bytes: number; inodes: number }> {
    return { bytes: Infinity, inodes: Infinity };
  }

  #open(inode: number, path: string): OpenFile {
    return {
      write: async (pieces) => {
        if (this.full?.test(path) === true) throw failure('ENOSPC', path);
        this.#do({ kind: 'write', inode, bytes: Buffer.concat(pieces) });
      },
      sync: async () => this.#do({ kind: 'sync', inode }),
      close: async () => undefined,
    };
  }

  #existing(path: string): number {
    const inode = inodeAt(this.#tree, path);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode;
  }

  #do(operation: Operation): void {
    this.log.push(operation);
    perform(this.#tree, operation);
  }
}
