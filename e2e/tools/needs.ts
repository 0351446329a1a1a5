import { onPath } from './path.ts';
import { ToolError } from './run.ts';

/** Debian's packages of programs that are not named like their package. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  promtool: 'prometheus',
};

/** @throws {ToolError} that names the programs which are not on the PATH, and how to get them. */
export async function requirePrograms(...programs: string[]): Promise<void> {
  const found = await Promise.all(programs.map(onPath));
  const missing = programs.filter((_program, index) => found[index] === undefined);
  if (missing.length === 0) return;
  throw new ToolError(
    `not on the PATH: ${missing.join(', ')}. On Debian or Ubuntu:\n` +
      `  apt-get install --no-install-recommends ${missing.map((program) => packages[program] ?? program).join(' ')}`,
  );
}

/** @throws {ToolError} unless this is root; `why` completes "run it as root: ". */
export function requireRoot(why: string): void {
  if (process.getuid?.() !== 0) throw new ToolError(`run it as root: ${why}`);
}
