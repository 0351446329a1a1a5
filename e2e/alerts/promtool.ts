import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';

import { run, ToolError } from '../tools/run.ts';

const root = join(import.meta.dirname, '../..');
const rendered = 'dist/k8s/prod/80-prometheusrule.yaml';

/** The cases, by name: what fires, and what stays silent. */
export const alertTests = globSync('e2e/alerts/*.test.yaml', { cwd: root }).toSorted();

/** The rules as the cluster gets them. */
const renderedName = 'rendered.yaml';

/** The same without their texts, which the cases need not repeat: the name under which these find them. */
const rulesName = 'rules.yaml';

/**
 * Gives promtool the rules as the cluster gets them, taken out of the rendered PrometheusRule.
 *
 * @throws {ToolError} with promtool's own words when it is not content.
 */
export async function withRules(body: (promtool: Promtool) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'alerts-'));
  try {
    const groups = ruleGroups();
    writeFileSync(join(folder, renderedName), ruleFile(groups));
    writeFileSync(join(folder, rulesName), ruleFile(withoutAnnotations(groups)));
    await body({
      checkRules: () => promtool(folder, ['check', 'rules', '--lint-fatal', renderedName]),
      testRules(file) {
        writeFileSync(join(folder, basename(file)), readFileSync(join(root, file)));
        return promtool(folder, ['test', 'rules', basename(file)]);
      },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface Promtool {
  /** `promtool check rules` over the rendered rules. */
  checkRules(): Promise<void>;
  /** `promtool test rules` with one file of cases, whose `rule_files` is `[rules.yaml]`. */
  testRules(file: string): Promise<void>;
}

function ruleGroups(): unknown {
  const manifest: unknown = parse(readFileSync(join(root, rendered), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'spec' in manifest) {
    const { spec } = manifest;
    if (typeof spec === 'object' && spec !== null && 'groups' in spec) return spec.groups;
  }
  throw new ToolError(`${rendered} has no spec.groups`);
}

function ruleFile(groups: unknown): string {
  return stringify({ groups }, { lineWidth: 0 });
}

/** A deep copy without any key `annotations`. */
function withoutAnnotations(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, child: unknown) => (key === 'annotations' ? undefined : child)),
  );
}

async function promtool(folder: string, args: string[]): Promise<void> {
  await run('promtool', args, { cwd: folder });
}
