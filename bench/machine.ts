/** The machine that a benchmark runs on. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release } from 'node:os';
import { join } from 'node:path';

/** Folder for what is built or fetched once. */
export const cache = join(import.meta.dirname, '../.cache/bench');

/** In words. */
export function machine(): string {
  return `${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
}

/** The programs on the first core; the load, its sink and DNS (which runs in this process) on the last one. */
export function pin(): { program: readonly string[]; load: readonly string[]; words: string } {
  const cores = availableParallelism();
  if (cores < 2) return { program: [], load: [], words: 'one core for all' };
  const core = String(cores - 1);
  execFileSync('taskset', ['-a', '-c', '-p', core, String(process.pid)], { stdio: 'ignore' });
  return {
    program: ['taskset', '-c', '0'],
    load: ['taskset', '-c', core],
    words: `the program on core 0, load and sink on core ${core}`,
  };
}

/** To the person who waits; results go to standard output. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
