import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ToolError } from './run.ts';

/** Linker flags with the version of Kubernetes that a module's go.mod pins. */
export async function kubernetesVersionFlags(module: string): Promise<string> {
  const goMod = await readFile(join(module, 'go.mod'), 'utf8');
  const [, major, minor, patch] = /^\s*k8s\.io\/kubernetes v(\d+)\.(\d+)\.(\S+)/m.exec(goMod) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) {
    throw new ToolError(`${module}/go.mod pins no k8s.io/kubernetes`);
  }
  const values = { gitVersion: `v${major}.${minor}.${patch}`, gitMajor: major, gitMinor: minor };
  return Object.entries(values)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
}
