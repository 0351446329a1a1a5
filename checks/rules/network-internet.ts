import ipaddr from 'ipaddr.js';
import { protocolOf, rulesOf } from '../network.ts';
import type { Rule } from '../rule.ts';

/** RFC 1918, RFC 3927 (link local, cloud metadata), RFC 6598; RFC 4193, RFC 4291 2.5.6. */
const INTERNAL = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
];

/** RFC 6890: this host, loopback, protocol assignments, benchmarks, multicast, reserved; local NAT64 (RFC 8215). */
const SPECIAL = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '192.0.0.0/24',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::1/128',
  '64:ff9b:1::/48',
  'ff00::/8',
];

/** HTTPS, and message submission to a smarthost (RFC 8314). */
const PORTS: readonly unknown[] = [443, 465, 587];

type Cidr = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefix: number];

function parse(text: string | undefined): Cidr | undefined {
  return text !== undefined && ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : undefined;
}

function contains([outer, outerBits]: Cidr, [inner, innerBits]: Cidr): boolean {
  if (outer.kind() !== inner.kind() || outerBits > innerBits) return false;
  return outer instanceof ipaddr.IPv4 ? inner.match(outer, outerBits) : inner.match(outer, outerBits);
}

export const networkInternet: Rule = {
  id: 'network-internet',
  reason:
    "A block as wide as the internet also holds the cluster, its neighbours and the cloud's metadata service.",
  remedy: `Except ${INTERNAL.join(', ')} from wide blocks, and allow only ports ${PORTS.join(', ')} to them.`,
  reference: 'https://www.rfc-editor.org/rfc/rfc6890',
  *check(tree) {
    const closed = tree.complete ? [...INTERNAL, ...SPECIAL] : INTERNAL;
    const internal = closed.map((text) => ({ text, cidr: ipaddr.parseCIDR(text) }));
    for (const rule of tree.of('networking.k8s.io/NetworkPolicy').flatMap(rulesOf)) {
      let wide = false;
      for (const peer of rule.peers.items()) {
        const block = peer.at('ipBlock');
        const cidr = parse(block.at('cidr').text);
        if (cidr === undefined) continue;
        if (cidr[1] > 0 && cidr[1] < 8 && tree.complete) {
          yield {
            at: block.at('cidr'),
            message: `${block.at('cidr').text} is a part of the internet that nobody means`,
          };
        }
        const exceptions = block
          .at('except')
          .items()
          .map((item) => parse(item.text))
          .filter((hole) => hole !== undefined);
        wide ||= cidr[1] < 8;
        const open = internal
          .filter(
            (range) => contains(cidr, range.cidr) && !exceptions.some((hole) => contains(hole, range.cidr)),
          )
          .filter((range) => range.text !== block.at('cidr').text);
        if (open.length > 0) {
          yield {
            at: block.at('except'),
            message: `${block.at('cidr').text} includes ${open.map((range) => range.text).join(', ')}`,
          };
        }
      }
      if (!wide) continue;
      const families = rule.peers.items().map((peer) => peer.at('ipBlock', 'cidr').text?.includes(':'));
      if (tree.complete && families.includes(true) !== families.includes(false)) {
        yield { at: rule.peers, message: 'it opens the internet of one family of addresses only' };
      }
      for (const port of rule.ports.items()) {
        const number = port.at('port');
        if (number.exists && (protocolOf(port) !== 'TCP' || !PORTS.includes(number.value))) {
          yield {
            at: number,
            message: `${protocolOf(port)} ${String(number.value)} is open to the whole internet`,
          };
        }
      }
    }
  },
};
