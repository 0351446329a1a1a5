/** Combinations of settings that are each right alone and cannot work together. */
import { quantityValue } from '../checks/quantity.ts';
import type { SettingProblem } from '../relay-src/schema/problems.ts';
import type { Settings } from './settings.ts';

/** Graph's sendMail takes about 4 MB of base64, so about 3 MiB of message (InnoGE/laravel-msgraph-mail#41). */
const GRAPH_CEILING = 3 * 1024 * 1024;

const NETWORK_STORAGE_NAME = /nfs|cifs|smb|efs|azurefile|glusterfs|cephfs|netapp/i;

export function impossibleCombinations(settings: Settings): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const { storage, git, delivery } = settings;
  if (
    storage.class !== undefined &&
    storage.networkFileSystem === undefined &&
    NETWORK_STORAGE_NAME.test(storage.class)
  ) {
    problems.push({
      path: 'storage.networkFileSystem',
      message: `not set, and the class "${storage.class}" looks like a network file system, on which SQLite's write-ahead log corrupts; say true, or false if it is block storage after all`,
    });
  }
  if (git.secret === 'none' && settings.imageAutomation === 'on') {
    problems.push({
      path: 'git.secret',
      message:
        '"none", but image automation pushes commits and needs a login; name a Secret of flux-system, or set imageAutomation to "off"',
    });
  }
  if (delivery.kind === 'smtp2graph' && settings.largestMessage > GRAPH_CEILING) {
    problems.push({
      path: 'largestMessage',
      message: `${settings.largestMessage} bytes, but Microsoft Graph takes about 4 MB of base64; "3Mi" is the most that delivery "smtp2graph" can promise`,
    });
  }
  return [...problems, ...requestsAboveLimits(settings)];
}

/** The API server refuses such a pod, after everything else was applied. */
function requestsAboveLimits({ resources }: Settings): SettingProblem[] {
  return Object.entries(resources).flatMap(([container, { requests, limits }]) =>
    (['cpu', 'memory'] as const)
      .filter((kind) => (quantityValue(requests[kind]) ?? 0) > (quantityValue(limits[kind]) ?? 0))
      .map((kind) => ({
        path: `resources.${container}.requests.${kind}`,
        message: `got "${requests[kind]}", above the limit "${limits[kind]}"; raise resources.${container}.limits.${kind} too`,
      })),
  );
}
