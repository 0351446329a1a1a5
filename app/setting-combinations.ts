/** Combinations of settings that are each right alone and cannot work together. */
import { quantityValue } from '../checks/quantity.ts';
import type { SettingProblem } from '../relay-src/schema/problems.ts';
import type { OutboxDelivery } from './delivery-settings.ts';
import { fluxNamespace, hopLimits } from './environment.ts';
import { nextHopPort, outboxConfigProblems } from './outbox-config.ts';
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
      message: `"none", but image automation pushes commits and needs a login; name a Secret of ${fluxNamespace(settings)}, or set imageAutomation to "off"`,
    });
  }
  if (delivery.kind === 'smtp2graph' && settings.largestMessage > GRAPH_CEILING) {
    problems.push({
      path: 'largestMessage',
      message: `${settings.largestMessage} bytes, but Microsoft Graph takes about 4 MB of base64; "3Mi" is the most that delivery "smtp2graph" can promise`,
    });
  }
  if (delivery.kind === 'outbox') problems.push(...outboxProblems(settings, delivery));
  return [...problems, ...requestsAboveLimits(settings)];
}

/** Ports that may be open to the whole internet: HTTPS, and message submission (RFC 8314 3.3). */
const INTERNET_PORTS = [443, 465, 587];

function outboxProblems(settings: Settings, delivery: OutboxDelivery): SettingProblem[] {
  const { transport } = delivery;
  const problems = outboxConfigProblems(settings, delivery);
  const needed = hopLimits(settings).lastHop;
  if (transport.kind === 'graph' && transport.largeMessages === 'refuse' && needed > transport.mimeLimit) {
    problems.push({
      path: 'largestMessage',
      message: `${settings.largestMessage} bytes, and outbox would refuse what is above delivery.transport.mimeLimit, ${transport.mimeLimit}, less 64 KiB for headers; lower it, or set delivery.transport.largeMessages to "draft"`,
    });
  }
  if (transport.kind === 'smarthost' && transport.networks.length === 0) {
    const port = nextHopPort(transport);
    if (!INTERNET_PORTS.includes(port)) {
      problems.push({
        path: 'delivery.transport.networks',
        message: `none, and port ${port} is not opened to the whole internet; name the addresses of ${transport.host}, or use port ${INTERNET_PORTS.join(', ')}`,
      });
    }
  }
  return problems;
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
