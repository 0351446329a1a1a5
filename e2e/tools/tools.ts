import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { cacheFolder, moduleFolder } from './cache.ts';
import { goBuild, requireGo } from './go.ts';
import { buildMailpit } from './mailpit.ts';

const recipes = {
  age: inModule('filippo.io/age/cmd/age'),
  'age-keygen': inModule('filippo.io/age/cmd/age-keygen'),
  kustomize: inModule('sigs.k8s.io/kustomize/kustomize/v5'),
  mailpit: buildMailpit,
  roundtrip: inModule('./roundtrip'),
  sops: inModule('github.com/getsops/sops/v3/cmd/sops'),
};

export type Tool = keyof typeof recipes;

/** The names of all tools. */
export const toolNames = Object.keys(recipes);

/** Whether a word is the name of a tool. */
export function isTool(name: string): name is Tool {
  return Object.hasOwn(recipes, name);
}

/** A package of go.mod that needs no more than `go build`. */
function inModule(packagePath: string) {
  return (output: string) => goBuild(moduleFolder, packagePath, output);
}

/** The path at which a tool is kept, when it was built before. */
export async function builtTool(name: Tool): Promise<string | undefined> {
  const path = toolPath(name);
  return (await exists(path)) ? path : undefined;
}

/**
 * The path of a tool, which is built first when it is not in the cache.
 *
 * @param say gets a line before and after a build, which can take minutes.
 * @throws {ToolError} when Go is missing or too old, or a build fails.
 */
export async function tool(name: Tool, say: (line: string) => void): Promise<string> {
  const path = toolPath(name);
  if (await exists(path)) return path;
  await requireGo();
  await mkdir(dirname(path), { recursive: true });
  say(`building ${name} with Go, kept in ${dirname(path)} …`);
  const start = performance.now();
  const unfinished = `${path}.${process.pid}`;
  await recipes[name](unfinished);
  await rename(unfinished, path);
  say(`built ${name} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  return path;
}

function toolPath(name: Tool): string {
  return join(cacheFolder(), name);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
