/** A small disk that can be filled. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Enough for the reserve of the spool, a backlog, and little more. */
const size = 64 * 2 ** 20;
const block = Buffer.alloc(2 ** 20, 1);

export interface Disk {
  readonly folder: string;
  /** Takes every octet that is left. */
  fill(): Promise<void>;
  empty(): Promise<void>;
  remove(): void;
}

/** Mounts a tmpfs, which only root may. */
export function makeDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'ledger', folder]);
  const ballast = join(folder, 'ballast');
  return {
    folder,
    async fill() {
      const file = await open(ballast, 'w');
      try {
        for (let length = block.length; length > 0;) {
          const { bytesWritten } = await file.write(block, 0, length).catch(() => ({ bytesWritten: 0 }));
          if (bytesWritten < length) length = Math.floor(length / 2);
        }
      } finally {
        await file.close();
      }
    },
    empty: () => rm(ballast, { force: true }),
    remove() {
      execFileSync('umount', ['--lazy', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
