/** A small file system in memory, whose faults are the kernel's own. Needs root. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Takes all that is left of it; returns what gives it back. */
  fill(): () => void;
  readOnly(yes: boolean): void;
}

/** `options` as for mount(8), e.g. `size=8m`. Throws if it cannot be mounted. */
export async function withSmallDisk(options: string, use: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  const ballast = join(folder, 'ballast');
  try {
    await use({
      folder,
      fill() {
        for (let size = 2 ** 20; size >= 512; size /= 2) grow(ballast, size);
        return () => writeFileSync(ballast, '');
      },
      readOnly: (yes) => void execFileSync('mount', ['-o', `remount,${yes ? 'ro' : 'rw'}`, folder]),
    });
  } finally {
    execFileSync('umount', ['--lazy', folder]);
    rmdirSync(folder);
  }
}

/** Appends pieces of this size until no more fits. */
function grow(file: string, size: number): void {
  for (;;) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      return;
    }
  }
}
