/**
 * Every file operation of the spool. One step of a protocol is one call here, so that a test can cut the power
 * after each of them, and so that the order in which things reach the disk can be read in one place.
 */
import {
  close,
  closeSync,
  constants,
  fdatasync,
  fsync,
  ftruncate,
  mkdir,
  open,
  openSync,
  readdir,
  readFile,
  readFileSync,
  readSync,
  rename,
  statfs,
  unlink,
  write,
  writev,
} from 'node:fs';
import { promisify } from 'node:util';

/** A file that is being written. */
export interface OpenFile {
  /** Writes all of it at the end. */
  write(pieces: readonly Buffer[]): Promise<void>;
  /**
   * Resolves when everything written is on disk. After a failure nobody can tell what is, and a second call would
   * lie (the kernel drops the pages and reports an error once): the file must be given up.
   */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Free {
  readonly bytes: number;
  /** Infinity where the file system has no fixed number of them. */
  readonly inodes: number;
}

export interface Files {
  /** Makes a folder with its parents; one that is there already is fine. */
  makeFolder(folder: string): Promise<void>;
  list(folder: string): Promise<string[]>;
  /** Undefined if there is no such file. */
  read(path: string): Promise<Buffer | undefined>;
  /** The same for many at once, in their order: faster for small files. Blocks meanwhile: for some hundred a call. */
  readMany(paths: readonly string[]): (Buffer | undefined)[];
  /** A new file; rejects if there is one. */
  create(path: string): Promise<OpenFile>;
  /** A file to write to at its end; made if it is missing. */
  append(path: string): Promise<OpenFile>;
  /** Replaces the content in place and syncs it: takes no room if it is as long as before. The file must exist. */
  overwrite(path: string, content: Buffer): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file that is not there is fine. */
  remove(path: string): Promise<void>;
  /** Resolves when all changes of names in this folder are on disk. */
  syncFolder(folder: string): Promise<void>;
  free(folder: string): Promise<Free>;
}

const doClose = promisify(close);
const doFdatasync = promisify(fdatasync);
const doFsync = promisify(fsync);
const doFtruncate = promisify(ftruncate);
const doMkdir = promisify(mkdir);
const doOpen = promisify(open);
const doReaddir = promisify(readdir);
const doReadFile = promisify(readFile);
const doRename = promisify(rename);
const doStatfs = promisify(statfs);
const doUnlink = promisify(unlink);

/** Mail is nobody else's business. */
const fileMode = 0o600;
const folderMode = 0o700;

/** The code of a system error, e.g. `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Resolves with undefined instead of rejecting where there is no such file. */
async function unlessMissing<T>(what: Promise<T>): Promise<T | undefined> {
  try {
    return await what;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const scratch = Buffer.alloc(16_384);

/** A system call less than readFileSync for what fits, as a record of a message nearly always does. */
function readNow(path: string): Buffer | undefined {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const length = readSync(descriptor, scratch, 0, scratch.length, 0);
      return length < scratch.length ? Buffer.from(scratch.subarray(0, length)) : readFileSync(path);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

class RealFile implements OpenFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async write(pieces: readonly Buffer[]): Promise<void> {
    let rest = pieces;
    while (rest.length > 0) rest = after(rest, await this.#some(rest));
  }

  /** Size and content of a new file are on disk after fdatasync too (POSIX: all that is needed to read it). */
  sync(): Promise<void> {
    return doFdatasync(this.#descriptor);
  }

  close(): Promise<void> {
    return doClose(this.#descriptor);
  }

  /** One system call; it may write less than all. */
  #some(pieces: readonly Buffer[]): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | null, written: number): void =>
        error === null ? resolve(written) : reject(error);
      const [only, second] = pieces;
      if (only !== undefined && second === undefined) write(this.#descriptor, only, done);
      else writev(this.#descriptor, pieces.slice(0, maxPieces), done);
    });
  }
}

/** IOV_MAX of Linux. */
const maxPieces = 1024;

/** What is left of the pieces after their first octets were written. */
function after(pieces: readonly Buffer[], written: number): readonly Buffer[] {
  let left = written;
  for (const [index, piece] of pieces.entries()) {
    if (left < piece.length) return [piece.subarray(left), ...pieces.slice(index + 1)];
    left -= piece.length;
  }
  return [];
}

/** The disk. */
export const realFiles: Files = {
  async makeFolder(folder) {
    await doMkdir(folder, { recursive: true, mode: folderMode });
  },
  list: (folder) => doReaddir(folder),
  read: (path) => unlessMissing(doReadFile(path)),
  readMany: (paths) => paths.map(readNow),
  create: async (path) => new RealFile(await doOpen(path, 'wx', fileMode)),
  append: async (path) => new RealFile(await doOpen(path, 'a', fileMode)),
  async overwrite(path, content) {
    const descriptor = await doOpen(path, constants.O_WRONLY, fileMode);
    try {
      await new RealFile(descriptor).write([content]);
      await doFtruncate(descriptor, content.length);
      await doFdatasync(descriptor);
    } finally {
      await doClose(descriptor);
    }
  },
  rename: (from, to) => doRename(from, to),
  async remove(path) {
    await unlessMissing(doUnlink(path));
  },
  async syncFolder(folder) {
    const descriptor = await doOpen(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await doFsync(descriptor);
    } finally {
      await doClose(descriptor);
    }
  },
  async free(folder) {
    const { bavail, bsize, files, ffree } = await doStatfs(folder);
    return { bytes: bavail * bsize, inodes: files === 0 ? Infinity : ffree };
  },
};
