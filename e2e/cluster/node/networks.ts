import { getServers } from 'node:dns';
import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

import { run, ToolError } from '../../tools/run.ts';

/** Address ranges of the cluster, in CIDR notation, none of which the machine uses otherwise. */
export interface Networks {
  /** Holds the node's own address. */
  readonly node: string;
  readonly pods: string;
  readonly services: string;
  /**
   * Stands for the public internet, so it must be public for policies, and yet be missed by nobody: the range that
   * RFC 7526 took out of use, since even documentation ranges are routed somewhere.
   */
  readonly internet: string;
}

const candidates: Readonly<Record<keyof Networks, readonly string[]>> = {
  node: ['10.201.0.0/24', '10.211.0.0/24', '172.29.201.0/24'],
  pods: ['10.202.0.0/24', '10.212.0.0/24', '172.29.202.0/24'],
  services: ['10.203.0.0/24', '10.213.0.0/24', '172.29.203.0/24'],
  internet: ['192.88.99.0/27', '192.88.99.32/27'],
};

const routes = z.array(z.looseObject({ dst: z.string() }));
const links = z.array(
  z.object({ addr_info: z.array(z.object({ local: z.string(), prefixlen: z.number() })).default([]) }),
);

/** Looks at the machine's routes, addresses and name servers, and chooses. @throws {ToolError} when all candidates are taken. */
export async function chooseNetworks(): Promise<Networks> {
  const taken = await takenRanges();
  const choose = (what: keyof Networks): string => {
    const free = candidates[what].find((range) => !taken.some((other) => overlap(range, other)));
    if (free === undefined)
      throw new ToolError(`no free address range for ${what}: ${candidates[what].join(', ')}`);
    return free;
  };
  return {
    node: choose('node'),
    pods: choose('pods'),
    services: choose('services'),
    internet: choose('internet'),
  };
}

async function takenRanges(): Promise<string[]> {
  const ip = (...args: string[]): Promise<string> => run('ip', ['-json', ...args], { cwd: '/' });
  const routed = routes.parse(JSON.parse(await ip('-4', 'route', 'show', 'table', 'all')));
  const own = links.parse(JSON.parse(await ip('-4', 'address', 'show')));
  return [
    ...routed.map(({ dst }) => dst).filter((dst) => dst !== 'default'),
    ...getServers().filter((server) => isIPv4(server)),
    ...own.flatMap(({ addr_info: all }) => all.map(({ local, prefixlen }) => `${local}/${prefixlen}`)),
  ];
}

/** Whether two IPv4 ranges share an address; a single address is a range of one. */
export function overlap(a: string, b: string): boolean {
  const [[first, firstBits], [second, secondBits]] = [parse(a), parse(b)];
  return first.match(second, Math.min(firstBits, secondBits));
}

function parse(range: string): [ipaddr.IPv4, number] {
  return ipaddr.IPv4.parseCIDR(range.includes('/') ? range : `${range}/32`);
}

/** The address with this number in a range: the first is 1. */
export function address(range: string, number: number): string {
  const [network] = parse(range);
  const octets = network.toByteArray();
  return [...octets.slice(0, 3), (octets[3] ?? 0) + number].join('.');
}
