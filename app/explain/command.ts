import { Command, Option } from 'commander';
import { loadEnvironments } from '../load-environments.ts';
import { provenanceOf } from '../provenance/provenance.ts';
import { type Explanation, explain, UnknownNameError } from './explain.ts';
import { printExplanation } from './print.ts';

/** `explain`: exit code 0, or 2 when nothing of that name is rendered. */
export function explainCommand(root: string): Command {
  return new Command('explain')
    .argument(
      '<kind/name[.field]>',
      'such as deployment/email-relay.MP_MAX_AGE, svc/email-relay.spec.ports[smtp]',
    )
    .option('--env <name>', 'environment (default: all)')
    .addOption(new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text'))
    .action(async (query: string, { env, format }: { env?: string; format: 'text' | 'json' }) => {
      const all = (await loadEnvironments(root)).environments;
      const environments = all.filter(({ name }) => env === undefined || name === env);
      if (environments.length === 0) {
        throw new Error(`no environment "${env}"; there are ${all.map(({ name }) => name).join(', ')}`);
      }
      const found: { environment: string; explanations: Explanation[] }[] = [];
      const misses: UnknownNameError[] = [];
      for (const environment of environments) {
        const provenance = await provenanceOf(root, environment);
        try {
          found.push({ environment: environment.name, explanations: explain(query, provenance) });
        } catch (error) {
          if (!(error instanceof UnknownNameError)) throw error;
          misses.push(error);
        }
      }
      if (found.length === 0 && misses[0] !== undefined) throw misses[0];
      process.stdout.write(
        format === 'json'
          ? `${JSON.stringify(found, null, 2)}\n`
          : found
              .flatMap(({ environment, explanations }) =>
                explanations.map((explanation) => printExplanation(environment, explanation)),
              )
              .join('\n'),
      );
    });
}
