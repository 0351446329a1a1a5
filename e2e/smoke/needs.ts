import { onPath } from '../tools/path.ts';
import { ToolError } from '../tools/run.ts';

/** Programs that come from Debian, and their packages. */
const packages: Record<string, string> = {
  curl: 'curl',
  git: 'git',
  msmtp: 'msmtp',
  promtool: 'prometheus',
  swaks: 'swaks',
};

/** @throws {ToolError} that names what is missing and how to get it. */
export async function requirePrograms(): Promise<void> {
  const missing: string[] = [];
  for (const program of Object.keys(packages)) {
    if ((await onPath(program)) === undefined) missing.push(program);
  }
  if (missing.length === 0) return;
  const install = missing.map((program) => packages[program]).join(' ');
  throw new ToolError(
    `not on the PATH: ${missing.join(', ')}. On Debian or Ubuntu:\n` +
      `  apt-get install --no-install-recommends ${install}`,
  );
}
