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
    const internal = INTERNAL.map((text) => ({ text, cidr: ipaddr.parseCIDR(text) }));
    for (const rule of tree.of('networking.k8s.io/NetworkPolicy').flatMap(rulesOf)) {
      let wide = false;
      for (const peer of rule.peers.items()) {
        const block = peer.at('ipBlock');
        const cidr = parse(block.at('cidr').text);
        if (cidr === undefined) continue;
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
