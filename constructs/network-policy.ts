import type { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { labels, RELAY, selectorLabels } from './labels.ts';
import { native } from './native.ts';

/** Pods of these namespaces may reach these ports of the pod. */
export interface IngressFlow {
  readonly namespaces: readonly string[];
  readonly ports: readonly number[];
}

export type EgressPeer =
  | { readonly kind: 'pods'; readonly namespace: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly kind: 'network'; readonly cidr: string; readonly except?: readonly string[] };

/** The pod may reach these ports of these peers. */
export interface EgressFlow {
  readonly peers: readonly EgressPeer[];
  readonly protocols: readonly ('TCP' | 'UDP')[];
  readonly ports: readonly number[];
}

/** Everything is closed both ways, for every pod of the namespace. */
export function defaultDeny(scope: Construct, namespace: string): ApiObject {
  return native(k8s.KubeNetworkPolicy, scope, 'default-deny', {
    metadata: { name: 'default-deny', namespace, labels },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

/** Opens exactly these flows for the relay's pod. A flow without namespaces is no flow: an empty `from` means everybody. */
export function allowedFlows(
  scope: Construct,
  namespace: string,
  flows: { readonly ingress: readonly IngressFlow[]; readonly egress: readonly EgressFlow[] },
): ApiObject {
  return native(k8s.KubeNetworkPolicy, scope, 'allowed-flows', {
    metadata: { name: RELAY, namespace, labels },
    spec: {
      podSelector: { matchLabels: selectorLabels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: flows.ingress
        .filter(({ namespaces }) => namespaces.length > 0)
        .map(({ namespaces, ports }) => ({
          from: namespaces.map((name) => ({ namespaceSelector: inNamespace(name) })),
          ports: ports.map((port) => ({ port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' })),
        })),
      egress: flows.egress.map(({ peers, protocols, ports }) => ({
        to: peers.map(egressPeer),
        ports: ports.flatMap((port) =>
          protocols.map((protocol) => ({ port: k8s.IntOrString.fromNumber(port), protocol })),
        ),
      })),
    },
  });
}

function egressPeer(peer: EgressPeer): k8s.NetworkPolicyPeer {
  if (peer.kind === 'pods') {
    return { namespaceSelector: inNamespace(peer.namespace), podSelector: { matchLabels: peer.labels } };
  }
  return { ipBlock: { cidr: peer.cidr, ...(peer.except === undefined ? {} : { except: [...peer.except] }) } };
}

/** The API server sets this label on every namespace to its name. */
function inNamespace(name: string): k8s.LabelSelector {
  return { matchLabels: { 'kubernetes.io/metadata.name': name } };
}
