import { existsSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';

import { run, ToolError } from '../../tools/run.ts';
import type { Host } from '../host.ts';
import { address } from './networks.ts';
import type { Networks } from './networks.ts';

/** Names of what we make in the kernel: whoever finds one knows where it is from. */
export const names = {
  /** Carries the node's address. */
  node: 'er-e2e-node',
  /** Our end of the cable to the internet. */
  internet: 'er-e2e-inet',
  namespace: 'email-relay-e2e',
  /** Keeps everything on this machine. */
  hermetic: 'email_relay_e2e_hermetic',
  /** Of the stand-in for a network plugin's enforcer. */
  policies: 'email_relay_e2e_policies',
} as const;

/** Settings of the kernel that kubelet, kube-proxy or a network plugin change. */
const sysctls = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/route_localnet',
  'net/ipv4/conf/all/arp_notify',
  'net/ipv4/vs/conntrack',
  'net/netfilter/nf_conntrack_max',
  'net/netfilter/nf_conntrack_tcp_be_liberal',
  'net/netfilter/nf_conntrack_tcp_timeout_established',
  'net/netfilter/nf_conntrack_tcp_timeout_close_wait',
];

/** The values of all sysctls that may change, by path below /proc/sys. */
export function readSysctls(): ReadonlyMap<string, string> {
  const present = sysctls.filter((name) => existsSync(`/proc/sys/${name}`));
  return new Map(present.map((name) => [name, readFileSync(`/proc/sys/${name}`, 'utf8').trim()]));
}

/** Puts sysctls back to what they were. */
export function restoreSysctls(before: ReadonlyMap<string, string>): void {
  for (const [name, value] of readSysctls()) {
    const old = before.get(name);
    if (old !== undefined && old !== value) writeFileSync(`/proc/sys/${name}`, old);
  }
}

/** The node's address, and where the machines of the internet are. */
export interface Addresses {
  readonly node: string;
  /** In the network namespace, where the fake Graph listens. */
  readonly internet: string;
}

/**
 * Makes the node's link, a network namespace that plays the internet, and a firewall rule that lets nothing
 * through between these and the machine's real links.
 */
export async function makeLinks(host: Host, networks: Networks): Promise<Addresses> {
  if (existsSync(`/sys/class/net/${names.node}`)) {
    throw new ToolError(
      `the link ${names.node} exists: another run is on, or was killed. \`node e2e/cluster/remains.ts\` says what is left`,
    );
  }
  const sysctlsBefore = readSysctls();
  host.undo.add('restore sysctls', async () => restoreSysctls(sysctlsBefore));
  host.undo.add('remove links and firewall tables', removeLinks);

  const node = address(networks.node, 1);
  // A bridge without ports: a link that is up, on any kernel.
  await ip('link', 'add', names.node, 'type', 'bridge');
  await ip('address', 'add', `${node}/32`, 'dev', names.node);
  await ip('link', 'set', names.node, 'up');

  const [gateway, internet] = [address(networks.internet, 1), address(networks.internet, 10)];
  const bits = networks.internet.split('/')[1];
  const inside = (...args: string[]): Promise<string> => ip('-netns', names.namespace, ...args);
  await ip('netns', 'add', names.namespace);
  await ip('link', 'add', names.internet, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names.namespace);
  await ip('address', 'add', `${gateway}/${bits}`, 'dev', names.internet);
  await ip('link', 'set', names.internet, 'up');
  await inside('address', 'add', `${internet}/${bits}`, 'dev', 'eth0');
  await inside('link', 'set', 'lo', 'up');
  await inside('link', 'set', 'eth0', 'up');
  await inside('route', 'add', 'default', 'via', gateway);
  await nft(hermeticTable(networks));
  return { node, internet };
}

/** Removes what makeLinks made, and the tables of kube-proxy and of the policies; what is not there is no error. */
export async function removeLinks(): Promise<void> {
  for (const table of await ourTables()) await nft(`delete table ${table}\n`);
  for (const link of [names.internet, names.node]) {
    if (existsSync(`/sys/class/net/${link}`)) await ip('link', 'delete', link);
  }
  if (existsSync(`/run/netns/${names.namespace}`)) await ip('netns', 'delete', names.namespace);
}

/** Tables of ours, and those of kube-proxy, which has no other table here. */
export async function ourTables(): Promise<string[]> {
  const listed = await run('nft', ['list', 'tables'], { cwd: '/' });
  return listed
    .split('\n')
    .map((line) => line.replace(/^table /, ''))
    .filter((table) => /email_relay_e2e|\bkube-proxy$/.test(table));
}

/** Forwarding between our ranges only: neither a pod nor the "internet" reaches a real link, nor the reverse. */
function hermeticTable({ node, pods, services, internet }: Networks): string {
  const ours = `{ ${[node, pods, services, internet].join(', ')} }`;
  return `table inet ${names.hermetic} {
  chain forward {
    type filter hook forward priority -300; policy accept;
    ip saddr ${ours} ip daddr != ${ours} counter drop
    ip daddr ${ours} ip saddr != ${ours} counter drop
  }
}
`;
}

/** Runs a script of nft as one transaction. */
export async function nft(script: string): Promise<void> {
  const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.end(script);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`nft: ${Buffer.concat(errors).toString('utf8')}`);
}

function ip(...args: string[]): Promise<string> {
  return run('ip', args, { cwd: '/' });
}
