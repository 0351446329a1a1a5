import { rulesOf } from '../network.ts';
import type { Rule } from '../rule.ts';
import { isEmptySelector } from '../selector.ts';

export const networkNarrow: Rule = {
  id: 'network-narrow',
  reason: 'A rule without peers or ports means all of them, which is rarely what its author thought.',
  remedy: 'Name peers and ports in each rule; select namespaces by kubernetes.io/metadata.name.',
  reference: 'https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/',
  *check(tree) {
    for (const rule of tree.of('networking.k8s.io/NetworkPolicy').flatMap(rulesOf)) {
      const peers = rule.peers.items();
      const ports = rule.ports.items();
      const [who, side] = rule.direction === 'Ingress' ? ['from', 'source'] : ['to', 'destination'];
      if (peers.length === 0) {
        yield { at: rule.peers, message: `the rule has no "${who}", so it allows every ${side}` };
      }
      if (ports.length === 0)
        yield { at: rule.ports, message: 'the rule has no ports, so it allows every port' };
      for (const port of ports) {
        if (!port.at('port').exists) {
          yield { at: port, message: 'an entry without a port number allows every port of its protocol' };
        }
        if (port.at('endPort').exists) {
          yield { at: port.at('endPort'), message: 'a range opens more ports than the relay has' };
        }
      }
      for (const peer of peers) {
        if (isEmptySelector(peer.at('namespaceSelector'))) {
          yield { at: peer.at('namespaceSelector'), message: 'an empty selector means every namespace' };
        } else if (!peer.at('namespaceSelector').exists && !peer.at('ipBlock').exists) {
          yield {
            at: peer,
            message: "a peer without a namespaceSelector means pods of the relay's own namespace",
          };
        }
      }
    }
  },
};
