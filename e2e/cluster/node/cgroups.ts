import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Host } from '../host.ts';

/** The cgroup in which all pods are. */
export const cgroup = 'email-relay-e2e';

/** Folders of our cgroup: one in each hierarchy of version 1, or one in all. */
export function cgroupFolders(): string[] {
  const root = '/sys/fs/cgroup';
  if (existsSync(join(root, 'cgroup.controllers'))) return [join(root, cgroup)];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name, cgroup));
}

/** Makes our cgroup, which kubelet then divides. */
export function makeCgroups(host: Host): void {
  host.undo.add('remove cgroups', removeCgroups);
  for (const folder of cgroupFolders()) {
    if (folder.includes('/unified/')) continue;
    mkdirSync(folder, { recursive: true });
    // A new cpuset is empty, and nothing can run in it.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const [own, parent] = [join(folder, file), join(folder, '..', file)];
      if (existsSync(own) && readFileSync(own, 'utf8').trim() === '')
        writeFileSync(own, readFileSync(parent));
    }
  }
}

/** Ids of all processes of a pod; its cgroups are named by its uid. */
export function podProcesses(uid: string): number[] {
  const groups = cgroupFolders()
    .filter(existsSync)
    .flatMap(groupsBelow)
    .filter((group) => group.includes(`/pod${uid}/`));
  return [...new Set(groups.flatMap(processesOf))];
}

function processesOf(group: string): number[] {
  const file = join(group, 'cgroup.procs');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
}

/** Kills what is still in our cgroups, then removes them, the innermost first. */
export async function removeCgroups(): Promise<void> {
  for (const folder of cgroupFolders().filter(existsSync)) {
    for (const group of groupsBelow(folder)) {
      processesOf(group).forEach(kill);
      await removeGroup(group);
    }
  }
}

/** The kernel needs a moment until a group without processes can go. */
async function removeGroup(group: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return rmdirSync(group);
    } catch (error) {
      // With its last process, whoever had made it may remove it.
      if (!existsSync(group)) return;
      if (attempt === 100) throw error;
      await delay(50);
    }
  }
}

function groupsBelow(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap(({ name }) => groupsBelow(join(folder, name))), folder];
}

/** Ends a process at once; one that has ended by itself is no error. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
