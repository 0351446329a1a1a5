import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../../up/until.ts';
import { at } from '../api.ts';
import type { KubeApi } from '../api.ts';
import { flags } from '../host.ts';
import type { Host } from '../host.ts';
import { cgroup } from './cgroups.ts';

/** The name of the one node. */
export const nodeName = 'email-relay-e2e';

export interface NodeOptions {
  readonly api: KubeApi;
  readonly kubeconfig: string;
  /** The node's own address. */
  readonly address: string;
  readonly podNetwork: string;
  /** Address of the cluster's DNS. */
  readonly dns: string;
  readonly containerd: string;
}

/** Starts scheduler, kubelet and kube-proxy, and waits until the node is ready. */
export async function startNode(host: Host, options: NodeOptions): Promise<void> {
  const { api, kubeconfig } = options;
  host.start(
    'kube-scheduler',
    await host.tool('kube-scheduler'),
    flags({ kubeconfig, 'leader-elect': false, 'secure-port': 0 }),
  );
  const folder = host.path('kubelet');
  const kubelet = host.start(
    'kubelet',
    await host.tool('kubelet'),
    flags({
      kubeconfig,
      config: await kubeletConfiguration(host, folder, options),
      'root-dir': join(folder, 'root'),
      'cert-dir': join(folder, 'certificates'),
      'hostname-override': nodeName,
      'node-ip': options.address,
    }),
  );
  const config = await proxyConfiguration(host, host.path('kube-proxy'), options);
  host.start('kube-proxy', await host.tool('kube-proxy'), flags({ config }));
  await until(
    'the node',
    async () => isReady(await api.get({ apiVersion: 'v1', kind: 'Node', name: nodeName })),
    {
      seconds: 60,
      of: kubelet,
    },
  );
}

function isReady(node: unknown): true | undefined {
  const conditions = at(node, 'status', 'conditions');
  if (!Array.isArray(conditions)) return undefined;
  return conditions.some((one) => at(one, 'type') === 'Ready' && at(one, 'status') === 'True')
    ? true
    : undefined;
}

async function kubeletConfiguration(host: Host, folder: string, options: NodeOptions): Promise<string> {
  const resolvConf = join(folder, 'resolv.conf');
  // What a pod with the node's DNS would ask: nobody, since nothing leaves this machine.
  writeFileSync(resolvConf, '');
  mkdirSync(join(folder, 'logs'));
  const file = join(folder, 'config.yaml');
  const configuration = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: options.address,
    port: await host.port('kubelet'),
    healthzPort: await host.port("kubelet's health"),
    containerRuntimeEndpoint: `unix://${options.containerd}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    // What a machine of a CI often has: version 1, swap, no right to change OOM scores.
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '50Mi' },
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    clusterDNS: [options.dns],
    clusterDomain: 'cluster.local',
    resolvConf,
    podLogsDir: join(folder, 'logs'),
    makeIPTablesUtilChains: false,
    serializeImagePulls: false,
    syncFrequency: '2s',
  };
  writeFileSync(file, JSON.stringify(configuration));
  return file;
}

async function proxyConfiguration(host: Host, folder: string, options: NodeOptions): Promise<string> {
  const file = join(folder, 'config.yaml');
  const configuration = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    nftables: { minSyncPeriod: '100ms' },
    hostnameOverride: nodeName,
    bindAddress: options.address,
    clusterCIDR: options.podNetwork,
    detectLocalMode: 'ClusterCIDR',
    nodePortAddresses: ['127.0.0.1/32'],
    healthzBindAddress: `127.0.0.1:${await host.port("kube-proxy's health")}`,
    metricsBindAddress: `127.0.0.1:${await host.port("kube-proxy's metrics")}`,
    clientConnection: { kubeconfig: options.kubeconfig },
    // Zero leaves the machine's settings of connection tracking as they are.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  writeFileSync(file, JSON.stringify(configuration));
  return file;
}
