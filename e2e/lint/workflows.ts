/**
 * `npm run lint:workflows`: actionlint over `.github/workflows/`. Needs Go, once, to build it.
 * Exit codes: 0 clean, 1 found something, 2 could not run.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';

const root = join(import.meta.dirname, '../..');

async function main(): Promise<void> {
  const actionlint = await tool('actionlint', (line) => process.stderr.write(`${line}\n`));
  const files = globSync('.github/workflows/*.{yml,yaml}', { cwd: root });
  const { status, error } = spawnSync(actionlint, files, {
    cwd: root,
    stdio: 'inherit',
  });
  if (error !== undefined) throw new ToolError(`actionlint cannot be run: ${error.message}`);
  // actionlint's own: 1 is a finding, 2 and 3 are usage and fatal errors.
  process.exitCode = status === null || status > 1 ? 2 : status;
  if (status === 0) process.stdout.write(`${files.length} workflows: clean\n`);
}

await main().catch((error: unknown) => {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
