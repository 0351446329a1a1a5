import { onPath } from '../tools/path.ts';
import { ToolError } from '../tools/run.ts';

/** Debian's packages of the same names. */
const programs = ['buildah', 'runc'];

/** @throws {ToolError} that says what is missing and how to get it. */
export async function requireImageTools(): Promise<void> {
  const found = await Promise.all(programs.map(onPath));
  if (found.includes(undefined)) {
    throw new ToolError(
      'buildah and runc are needed. On Debian or Ubuntu:\n' +
        `  apt-get install --no-install-recommends ${programs.join(' ')}`,
    );
  }
  if (process.getuid?.() !== 0) throw new ToolError('run it as root: it mounts images and makes containers');
}
