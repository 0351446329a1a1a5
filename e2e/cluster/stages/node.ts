import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Environment } from '../../../app/environment.ts';
import type { ControlPlane } from '../control-plane.ts';
import type { Host } from '../host.ts';
import { startContainerd } from '../node/containerd.ts';
import { startDns } from '../node/dns.ts';
import { makeCgroups } from '../node/cgroups.ts';
import { drain, killShims, unmountBelow } from '../node/drain.ts';
import { ownImages, toolImage } from '../node/images.ts';
import { startNode } from '../node/kubelet.ts';
import type { Addresses } from '../node/links.ts';
import { address } from '../node/networks.ts';
import type { Networks } from '../node/networks.ts';
import { registryOf, Registry } from '../node/registry.ts';

export interface NodeOptions {
  readonly root: string;
  readonly environment: Environment;
  readonly networks: Networks;
  readonly addresses: Addresses;
  readonly plane: ControlPlane;
  /** Holds every image that the node pulls. */
  readonly registry: Registry;
}

/** Makes a node of this machine: containerd, kubelet, kube-proxy, and the cluster's DNS. */
export async function startWorker(host: Host, options: NodeOptions): Promise<void> {
  const { environment, networks, addresses, plane, registry } = options;
  host.undo.add('unmount what the node mounted', () => unmountBelow(host.folder));
  makeCgroups(host);
  host.undo.add('end shims', () => killShims(host.folder));
  const containerd = await startContainerd(host, {
    networks,
    registry: registry.address,
    registryHosts: [...new Set(Object.values(environment.images).map(registryOf))],
    pause: local(registry, 'pause'),
  });
  const dns = address(networks.services, 10);
  await startNode(host, {
    api: plane.api,
    kubeconfig: plane.kubeconfig,
    address: addresses.node,
    podNetwork: networks.pods,
    dns,
    containerd: containerd.socket,
  });
  host.undo.add('end all pods', () => drain(plane.api));
  const image = local(registry, 'coredns');
  await startDns(plane.api, { image, address: dns, internet: addresses.internet });
}

/** Starts the registry, with every image under the name that the manifests have for it. */
export async function startRegistry(host: Host, root: string, environment: Environment): Promise<Registry> {
  const registry = await Registry.start(host);
  await registry.push(await toolImage(host, 'pause'), local(registry, 'pause'));
  await registry.push(await toolImage(host, 'coredns'), local(registry, 'coredns'));
  await registry.push(
    await toolImage(host, 'mailpit', 'EXPOSE 1025/tcp 8025/tcp\n'),
    imageOf(environment, 'mailpit'),
  );
  for (const [program, layout] of await ownImages(host, root, ownPrograms(root, environment))) {
    await registry.push(layout, imageOf(environment, program));
  }
  return registry;
}

/** Programs of this repository that the environment runs. */
export function ownPrograms(root: string, { images }: Environment): string[] {
  return Object.keys(images).filter((name) => existsSync(join(root, 'relay-src', name, 'Containerfile')));
}

/** The image reference of a container. @throws when the environment does not run it */
export function imageOf({ images }: Environment, name: string): string {
  const reference = new Map(Object.entries(images)).get(name);
  if (reference === undefined) throw new Error(`the environment has no image ${name}`);
  return reference;
}

/** The name of an image that only the cluster itself needs. */
function local(registry: Registry, name: string): string {
  return `${registry.address}/${name}:e2e`;
}
