import { onPath } from '../tools/path.ts';
import { ToolError } from '../tools/run.ts';

/** Programs that come from Debian, and their packages. */
const packages: Record<string, string> = {
  curl: 'curl',
  msmtp: 'msmtp',
  postfix: 'postfix',
  python3: 'python3',
  swaks: 'swaks',
};

/** @throws {ToolError} that names what is missing and how to get it. */
export async function requireClients(): Promise<void> {
  const found = await Promise.all(Object.keys(packages).map(onPath));
  if (found.includes(undefined)) {
    throw new ToolError(
      `${Object.keys(packages).join(', ')} are needed. On Debian or Ubuntu:\n` +
        `  apt-get install --no-install-recommends ${Object.values(packages).join(' ')}`,
    );
  }
  if (process.getuid?.() !== 0) throw new ToolError('run it as root: Postfix does not start otherwise');
}
