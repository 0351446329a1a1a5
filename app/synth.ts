/** `synth`: from settings to the bytes of `dist/`, or to a list of what is wrong and nothing written. */
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { type Document, formatPath } from '../checks/field.ts';
import { promises } from '../checks/promises.ts';
import { type Finding, runRules } from '../checks/rule.ts';
import { applyWaivers, type Judged } from '../checks/waivers.ts';
import { completeTree, renderFile } from '../render/render-tree.ts';
import type { RenderedFile, TreeFile } from '../render/tree.ts';
import { type Changes, writeTree } from '../render/write-tree.ts';
import { InputError } from './input-error.ts';
import type { Environment } from './environment.ts';
import { loadEnvironments } from './load-environments.ts';
import { renderEnvironment } from './render-environment.ts';

export interface Synthesis {
  readonly folder: string;
  readonly environments: readonly string[];
  readonly changes: Changes;
  readonly warnings: readonly string[];
}

/**
 * Renders every environment of the repository into a folder.
 *
 * @param root folder of the repository
 * @param folder output; relative to `root`
 * @throws InputError when a setting, an image, a secret or a promise is wrong; nothing is then written
 */
export async function synth(root: string, folder: string): Promise<Synthesis> {
  const { files, environments, warnings } = await render(root);
  const changes = writeTree(resolve(root, folder), files);
  return { folder, environments, changes, warnings };
}

/** The bytes of every environment, checked against the promises and not written. */
export async function render(
  root: string,
): Promise<{ files: RenderedFile[]; environments: string[]; warnings: string[] }> {
  const { environments, warnings: loadWarnings } = await loadEnvironments(root);
  const findings: Judged[] = [];
  const files = environments.flatMap((environment) => {
    const { files: rendered, documents, texts } = renderDocuments(environment);
    const found = runRules(promises, documents, texts);
    findings.push(...applyWaivers(found, environment.settings.waivers).findings);
    return rendered;
  });
  const lines = (severity: Finding['severity']): string[] =>
    findings
      .filter((finding) => finding.severity === severity && finding.waived === undefined)
      .map(describeFinding);
  if (lines('error').length > 0) throw new InputError(lines('error'));
  return {
    files: completeTree(files),
    environments: environments.map(({ name }) => name),
    warnings: [...loadWarnings, ...lines('warning')],
  };
}

/** An environment as bytes, and as the documents that rules judge. */
export interface RenderedDocuments {
  readonly files: readonly RenderedFile[];
  readonly documents: readonly Document[];
  /** Text by file. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Renders one environment, unchecked. */
export function renderDocuments(environment: Environment): RenderedDocuments {
  const tree = renderEnvironment(environment);
  const files = tree.map(renderFile);
  return { files, documents: documentsOf(tree), texts: textsOf(files) };
}

function documentsOf(tree: readonly TreeFile[]): Document[] {
  return tree.flatMap((file) => {
    const manifests =
      file.kind === 'manifests' ? file.objects : [parse(Buffer.from(file.bytes).toString('utf8'))];
    return manifests.map((manifest, index) => ({ manifest, file: file.path, index }));
  });
}

function textsOf(files: readonly RenderedFile[]): Map<string, string> {
  return new Map(files.map(({ path, bytes }) => [path, Buffer.from(bytes).toString('utf8')]));
}

function describeFinding({ file, object, path, message, remedy, rule }: Finding): string {
  const place = path.length > 0 ? `${object} ${formatPath(path)}` : object;
  return `dist/${file}: ${place}: ${message}; ${remedy} (${rule})`;
}
