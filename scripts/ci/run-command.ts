import type { Command } from 'commander';

/** Runs a command of the scripts: wrong usage and what cannot be done are exit code 2, said in one line. */
export async function runCommand(command: Command): Promise<void> {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  await command.parseAsync().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  });
}
