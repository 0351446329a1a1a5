import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ToolError } from '../../tools/run.ts';
import { until } from '../../up/until.ts';
import type { Host } from '../host.ts';
import type { Networks } from './networks.ts';

/** Where Debian installs network plugins. */
const plugins = '/usr/lib/cni';

export interface Containerd {
  readonly socket: string;
}

export interface ContainerdOptions {
  readonly networks: Networks;
  /** `host:port` of the registry on loopback, which plays every registry that images are named by. */
  readonly registry: string;
  /** Hosts of registries, as image references name them. */
  readonly registryHosts: readonly string[];
  /** Reference of the image that holds a pod's namespaces. */
  readonly pause: string;
}

/** A containerd of our own, with its own state, socket and network configuration. */
export async function startContainerd(host: Host, options: ContainerdOptions): Promise<Containerd> {
  if (!existsSync(join(plugins, 'ptp'))) {
    throw new ToolError(
      `no network plugins in ${plugins}. On Debian: apt-get install containernetworking-plugins`,
    );
  }
  const folder = host.path('containerd');
  const socket = join(folder, 'containerd.sock');
  const [network, registries] = [join(folder, 'cni'), join(folder, 'registries')];
  mkdirSync(network);
  writeFileSync(join(network, '10-e2e.conflist'), JSON.stringify(networkList(options.networks, folder)));
  for (const name of options.registryHosts) {
    mkdirSync(join(registries, name), { recursive: true });
    writeFileSync(join(registries, name, 'hosts.toml'), mirror(options.registry));
  }
  const file = join(folder, 'config.toml');
  writeFileSync(file, configuration({ folder, socket, network, registries, pause: options.pause }));
  const running = host.start('containerd', 'containerd', ['--config', file]);
  await until('containerd', async () => existsSync(socket) || undefined, { of: running });
  return { socket };
}

/** Each pod has a cable of its own to the node, so that all its traffic is routed, and policies see it. */
function networkList({ pods }: Networks, folder: string): unknown {
  const ipam = {
    type: 'host-local',
    dataDir: join(folder, 'addresses'),
    ranges: [[{ subnet: pods }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return { cniVersion: '0.4.0', name: 'email-relay-e2e', plugins: [{ type: 'ptp', ipMasq: false, ipam }] };
}

function mirror(registry: string): string {
  const url = `http://${registry}`;
  return `server = "${url}"\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n`;
}

interface Paths {
  readonly folder: string;
  readonly socket: string;
  readonly network: string;
  readonly registries: string;
  readonly pause: string;
}

function configuration({ folder, socket, network, registries, pause }: Paths): string {
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pause}"
  restrict_oom_score_adj = true
  disable_tcp_service = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${plugins}"
    conf_dir = "${network}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${registries}"
`;
}
