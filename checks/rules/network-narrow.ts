import type { Field } from '../field.ts';
import { rulesOf } from '../network.ts';
import type { Rule } from '../rule.ts';
import { isEmptySelector } from '../selector.ts';

/** Set by the API server to the namespace's name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

function selectsByName(selector: Field): boolean {
  const keys = selector
    .at('matchExpressions')
    .items()
    .map((item) => item.at('key').value);
  return selector.at('matchLabels', NAME_LABEL).exists || keys.includes(NAME_LABEL);
}

export const networkNarrow: Rule = {
  id: 'network-narrow',
  reason: 'A rule without peers or ports means all of them, which is rarely what its author thought.',
  remedy: `Name peers and ports in each rule, for the relay's pod; select namespaces by ${NAME_LABEL}.`,
  reference: 'https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/',
  *check(tree) {
    const policies = tree.of('networking.k8s.io/NetworkPolicy');
    for (const policy of policies) {
      const selector = policy.at('spec', 'podSelector');
      if ((!selector.exists || isEmptySelector(selector)) && rulesOf(policy).length > 0) {
        yield {
          at: selector,
          message: 'its rules hold for every pod of the namespace, not for the relay alone',
        };
      }
    }
    for (const rule of policies.flatMap(rulesOf)) {
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
        const namespaces = peer.at('namespaceSelector');
        if (peer.at('ipBlock').exists) continue;
        if (isEmptySelector(namespaces)) {
          yield { at: namespaces, message: 'an empty selector means every namespace' };
        } else if (!namespaces.exists) {
          yield {
            at: peer,
            message: "a peer without a namespaceSelector means pods of the relay's own namespace",
          };
        } else if (!selectsByName(namespaces)) {
          yield {
            at: namespaces,
            message: `it does not select by ${NAME_LABEL}, the one label that nobody can give`,
          };
        } else if (rule.direction === 'Egress' && !peer.at('podSelector').exists) {
          yield { at: peer, message: 'without a podSelector it allows every pod of that namespace' };
        }
      }
    }
  },
};
