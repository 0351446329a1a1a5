import type { Field } from './field.ts';
import { findPort, portsOf } from './pod.ts';
import type { ContainerPort, Pod } from './pod.ts';
import { selects } from './selector.ts';
import { namespaceOf } from './tree.ts';
import type { Tree } from './tree.ts';

export type Direction = 'Ingress' | 'Egress';

/** One `ingress` or `egress` entry of a NetworkPolicy. */
export interface FlowRule {
  readonly direction: Direction;
  readonly field: Field;
  readonly peers: Field;
  readonly ports: Field;
}

/** The policies that isolate a pod in one direction. */
export function isolating(tree: Tree, pod: Pod, direction: Direction): readonly Field[] {
  return tree
    .of('networking.k8s.io/NetworkPolicy')
    .filter(
      (policy) =>
        namespaceOf(policy) === pod.namespace &&
        selects(policy.at('spec', 'podSelector'), pod.labels) &&
        directionsOf(policy).includes(direction),
    );
}

/** The API's default: Ingress always, Egress when the policy has egress rules. */
function directionsOf(policy: Field): readonly unknown[] {
  const types = policy.at('spec', 'policyTypes').items();
  if (types.length > 0) return types.map((type) => type.value);
  return policy.at('spec', 'egress').items().length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

/** The rules of a policy, in both directions. */
export function rulesOf(policy: Field): readonly FlowRule[] {
  const spec = policy.at('spec');
  return [
    ...spec
      .at('ingress')
      .items()
      .map((field) => rule('Ingress', field, 'from')),
    ...spec
      .at('egress')
      .items()
      .map((field) => rule('Egress', field, 'to')),
  ];
}

function rule(direction: Direction, field: Field, peers: 'from' | 'to'): FlowRule {
  return { direction, field, peers: field.at(peers), ports: field.at('ports') };
}

/** The rules that apply to a pod in one direction. */
export function allowing(tree: Tree, pod: Pod, direction: Direction): readonly FlowRule[] {
  return isolating(tree, pod, direction)
    .flatMap(rulesOf)
    .filter((candidate) => candidate.direction === direction);
}

/** Protocol of a policy's port entry. */
export function protocolOf(port: Field): string {
  return port.at('protocol').text ?? 'TCP';
}

/** The container port that an ingress port entry opens; undefined where no container declares it. */
export function openedPort(pod: Pod, port: Field): ContainerPort | undefined {
  return findPort(portsOf(pod.containers), port.at('port').value, protocolOf(port));
}
