import { readdirSync, readFileSync } from 'node:fs';

import { run } from '../../tools/run.ts';
import { until } from '../../up/until.ts';
import { referenceTo } from '../api.ts';
import type { KubeApi } from '../api.ts';
import { kill } from './cgroups.ts';

/** Ends every pod while the kubelet still runs, which then takes down their mounts and links. */
export async function drain(api: KubeApi): Promise<void> {
  for (const workload of await api.list('apps/v1', 'Deployment')) await api.delete(referenceTo(workload));
  await until(
    'all pods to be gone',
    async () => {
      const pods = await api.list('v1', 'Pod');
      for (const pod of pods) {
        if (pod.metadata['deletionTimestamp'] === undefined) await api.delete(referenceTo(pod), 1);
      }
      return pods.length === 0 ? true : undefined;
    },
    { seconds: 30 },
  );
}

/** Ends what containerd leaves running when it is stopped: one shim a pod. */
export async function killShims(folder: string): Promise<void> {
  processesNaming(folder)
    .filter(({ command }) => command.includes('containerd-shim'))
    .forEach(({ pid }) => kill(pid));
}

/** Unmounts everything in a folder, the innermost first; what is in use goes when its user does. */
export async function unmountBelow(folder: string): Promise<void> {
  for (const mount of mountsBelow(folder)) await run('umount', ['--lazy', mount], { cwd: '/' });
}

/** Mount points in a folder, the innermost first. */
export function mountsBelow(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(folder))
    .toReversed();
}

/** Processes other than this one whose command line has a text. */
export function processesNaming(text: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), command: commandOf(name) }))
    .filter(({ command }) => command.includes(text));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
