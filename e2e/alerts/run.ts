/**
 * The alert tests alone, while one writes them: `node e2e/alerts/run.ts`.
 * Exit codes: 0 all passed, 1 one failed, 2 could not run.
 */
import { alertCases } from '../smoke/alerts.ts';
import { Report } from '../smoke/report.ts';
import { ToolError } from '../tools/run.ts';
import { onPath } from '../tools/path.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  if ((await onPath('promtool')) === undefined)
    throw new ToolError('promtool (Debian: prometheus) is not there');
  const report = new Report(say);
  await alertCases(report);
  say(report.closing());
  process.exitCode = report.failed > 0 ? 1 : 0;
}

await main().catch((error: unknown) => {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
});
