/**
 * Builds the pinned tools on demand: `node e2e/tools/build.ts sops kustomize` prints one path a line.
 * What was built once is kept (see cache.ts) and found again at once.
 */
import { ToolError } from './run.ts';
import { isTool, tool, toolNames } from './tools.ts';

async function main(names: string[]): Promise<void> {
  const wanted = names.filter(isTool);
  if (names.length === 0 || wanted.length < names.length) {
    throw new ToolError(`usage: node e2e/tools/build.ts NAME…, of ${toolNames.join(', ')}`);
  }
  for (const name of wanted) {
    const path = await tool(name, (line) => process.stderr.write(`${line}\n`));
    process.stdout.write(`${path}\n`);
  }
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
