/** The command line: `npm run synth`, `npm run diff` and so on. Exit codes: 0 clean, 1 found something, 2 could not run. */
import { Command } from 'commander';
import { InputError } from './input-error.ts';
import { printSynthesis } from './print-synthesis.ts';

const ROOT = new URL('..', import.meta.url).pathname;

const program = new Command('email-relay').description('renders the manifests of the email relay');

program
  .command('synth')
  .description('render every environment into dist/')
  // The cdk8s command line names its own output folder in CDK8S_OUTDIR (cdk8s.yaml).
  .option('--out <folder>', 'folder to write', process.env['CDK8S_OUTDIR'] ?? 'dist')
  .action(async ({ out }: { out: string }) => {
    const { synth } = await import('./synth.ts');
    printSynthesis(await synth(ROOT, out));
  });

/** Commands with imports of their own: loaded when they are asked for, described always. */
const commands: Readonly<Record<string, { description: string; load: () => Promise<Command> }>> = {
  check: {
    description: 'check this repository, or manifests anywhere: schemas, and what must hold across objects',
    load: async () => (await import('./check/command.ts')).checkCommand(ROOT),
  },
  diff: {
    description: 'say what changes in the cluster, and with what consequence',
    load: async () => (await import('./diff/command.ts')).diffCommand(ROOT),
  },
  explain: {
    description: 'say which construct, setting and line rendered a field, and why',
    load: async () => (await import('./explain/command.ts')).explainCommand(ROOT),
  },
  secrets: {
    description: 'explain, make and renew the SOPS-encrypted secrets',
    load: async () => {
      const { secretsCommand } = await import('./secrets/command.ts');
      const { loadSecretsEnvironments } = await import('./load-environments.ts');
      return secretsCommand({ root: ROOT, environments: () => loadSecretsEnvironments(ROOT) });
    },
  },
};
for (const [name, { description, load }] of Object.entries(commands)) {
  if (process.argv[2] === name) program.addCommand((await load()).description(description));
  else program.command(name).description(description);
}

usageErrorsExitWith2(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof InputError) {
    process.stderr.write(`${error.problems.map((problem) => `error: ${problem}`).join('\n')}\n`);
    process.stderr.write(`${error.problems.length} found, nothing written\n`);
    // What cannot be rendered cannot be compared or explained either.
    process.exitCode = ['diff', 'explain'].includes(process.argv[2] ?? '') ? 2 : 1;
  } else {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}

/** commander's own code for them is 1, which here means that something was found. */
function usageErrorsExitWith2(command: Command): void {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
  for (const subcommand of command.commands) usageErrorsExitWith2(subcommand);
}
