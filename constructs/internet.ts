import type { EgressPeer } from './network-policy.ts';

/** IPv4 that is not the internet: private, shared, loopback, link-local (cloud metadata), benchmark, multicast, reserved (RFC 6890). */
const CLOSED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** IPv6 that is not the internet: loopback, NAT64 of private addresses, unique local, link-local, multicast (RFC 6890). */
const CLOSED_IPV6 = ['::1/128', '64:ff9b:1::/48', 'fc00::/7', 'fe80::/10', 'ff00::/8'];

/** The internet without private, link-local and the cluster's own ranges. */
export function internet(clusterNetworks: readonly string[]): EgressPeer[] {
  return [
    {
      kind: 'network',
      cidr: '0.0.0.0/0',
      except: [...CLOSED_IPV4, ...clusterNetworks.filter((cidr) => !isIpv6(cidr))],
    },
    { kind: 'network', cidr: '::/0', except: [...CLOSED_IPV6, ...clusterNetworks.filter(isIpv6)] },
  ];
}

function isIpv6(cidr: string): boolean {
  return cidr.includes(':');
}
