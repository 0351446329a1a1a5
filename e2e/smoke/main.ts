/**
 * `npm run smoke`: the product beside the real programs it meets: mail clients, Mailpit, kustomize, sops,
 * promtool, and the library with which Flux rewrites files.
 * Exit codes: 0 all passed, 1 a case failed, 2 could not run.
 */
import { ToolError } from '../tools/run.ts';
import { alertCases } from './alerts.ts';
import { bumpCases } from './bump.ts';
import { mailCases } from './mail.ts';
import { mailpitAsRenderedCases } from './mailpit-as-rendered.ts';
import { requirePrograms } from '../tools/needs.ts';
import { renderedCases } from './rendered.ts';
import { Report } from './report.ts';
import { newSecretCases, secretCases } from './secrets.ts';

const steps = {
  mail: mailCases,
  'mailpit as rendered': mailpitAsRenderedCases,
  rendered: renderedCases,
  bump: bumpCases,
  secrets: secretCases,
  'new secrets': newSecretCases,
  alerts: alertCases,
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  await requirePrograms('curl', 'git', 'msmtp', 'promtool', 'swaks');
  const report = new Report(say);
  for (const [name, step] of Object.entries(steps)) {
    report.group(name);
    await step(report, say);
  }
  say(`\n${report.closing()}`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}

await main().catch((error: unknown) => {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
