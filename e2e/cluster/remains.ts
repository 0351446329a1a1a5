/**
 * Looks for what a run left on the machine; with `--remove`, also after a run that was killed outright.
 *
 *   node e2e/cluster/remains.ts [--remove]
 *
 * Exit codes: 0 nothing is left, 1 something is.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cgroupFolders, kill, removeCgroups } from './node/cgroups.ts';
import { mountsBelow, processesNaming, unmountBelow } from './node/drain.ts';
import { names, ourTables, removeLinks } from './node/links.ts';

/** Begins the name of every folder of a run. */
export const folderPrefix = join(tmpdir(), 'email-relay-e2e-');

/** What is there of a run, one line each; of runs of others, when they are on, too. */
export async function remains(): Promise<string[]> {
  const links = [names.node, names.internet].filter((link) => existsSync(`/sys/class/net/${link}`));
  const namespaces = [names.namespace].filter((name) => existsSync(`/run/netns/${name}`));
  return [
    ...processesNaming(folderPrefix).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...mountsBelow(folderPrefix).map((mount) => `mount ${mount}`),
    ...cgroupFolders()
      .filter((folder) => existsSync(folder))
      .map((folder) => `cgroup ${folder}`),
    ...links.map((link) => `link ${link}`),
    ...namespaces.map((name) => `network namespace ${name}`),
    ...(await ourTables()).map((table) => `firewall table ${table}`),
    ...folders().map((folder) => `folder ${folder}`),
  ];
}

async function remove(): Promise<void> {
  processesNaming(folderPrefix).forEach(({ pid }) => kill(pid));
  await removeCgroups();
  await unmountBelow(folderPrefix);
  await removeLinks();
  for (const folder of folders()) rmSync(folder, { recursive: true });
}

function folders(): string[] {
  return readdirSync(tmpdir())
    .map((name) => join(tmpdir(), name))
    .filter((path) => path.startsWith(folderPrefix));
}

if (import.meta.main) {
  if (process.argv[2] === '--remove') await remove();
  const left = await remains();
  for (const line of left) process.stdout.write(`${line}\n`);
  process.exitCode = left.length === 0 ? 0 : 1;
}
