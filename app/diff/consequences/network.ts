import type { Field } from '../../../checks/field.ts';
import { allowing, type Direction, isolating, openedPort, protocolOf } from '../../../checks/network.ts';
import { type Pod, podsOf, stringMap } from '../../../checks/pod.ts';
import { serviceSelects } from '../../../checks/selector.ts';
import { namespaceOf, nameOf, type Tree } from '../../../checks/tree.ts';
import { type ConsequenceKind, type Found, objectKey } from '../consequence.ts';

/** The flows that NetworkPolicies and Services allow, before and after: a path that opens or closes. */
export const network: ConsequenceKind = {
  id: 'network',
  title: 'a network path opens or closes',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  transition: false,
  *find({ before, after }) {
    const [old, now] = [flowsOf(before.tree), flowsOf(after.tree)];
    const newPods = podsBy(after.tree, before.tree);
    const lostPods = podsBy(before.tree, after.tree);
    yield* differences(now, old, 'opens', newPods);
    yield* differences(old, now, 'closes', lostPods);
  },
};

/** A path: who may connect to what. */
interface Flow {
  readonly object: string;
  readonly text: string;
  /** Address ranges that are left out of it. */
  readonly except: ReadonlySet<string>;
}

/** Workloads that only the first tree has: with them come all their paths, which is no news. */
function podsBy(tree: Tree, other: Tree): ReadonlySet<string> {
  const known = new Set(podsOf(other).map(({ workload }) => objectKey(workload)));
  return new Set(
    podsOf(tree)
      .map(({ workload }) => objectKey(workload))
      .filter((key) => !known.has(key)),
  );
}

function* differences(
  flows: ReadonlyMap<string, Flow>,
  others: ReadonlyMap<string, Flow>,
  verb: 'opens' | 'closes',
  whole: ReadonlySet<string>,
): Iterable<Found> {
  for (const [id, { object, text, except }] of flows) {
    const other = others.get(id);
    const ranges = [...(other?.except ?? [])].filter((range) => !except.has(range));
    const without = except.size > 0 ? `, except ${[...except].join(', ')}` : '';
    const says =
      other === undefined ? `${verb} ${text}${without}` : `${verb} ${ranges.join(', ')} in ${text}`;
    if (other !== undefined && ranges.length === 0) continue;
    yield {
      weight: whole.has(object) ? 'note' : verb === 'opens' && BROAD.test(says) ? 'danger' : 'caution',
      object,
      fields: [],
      says,
    };
  }
}

/** A peer that nobody has named. */
const BROAD =
  /anywhere|outside the cluster|every (namespace|node|port)|the node's network|(^|[ ,])(0\.0\.0\.0|::)\/0/;

/** All flows of a tree, by what identifies them. */
function flowsOf(tree: Tree): Map<string, Flow> {
  const flows = new Map<string, Flow>();
  const add = (object: string, text: string, except: readonly string[] = []): void => {
    const known = flows.get(`${object} ${text}`);
    // What two rules allow is allowed: only what both leave out is left out.
    const both = known === undefined ? except : except.filter((range) => known.except.has(range));
    flows.set(`${object} ${text}`, { object, text, except: new Set(both) });
  };
  for (const pod of podsOf(tree)) {
    const name = nameOf(pod.workload);
    for (const direction of ['Ingress', 'Egress'] as const) addPodFlows(tree, pod, direction, add);
    for (const service of tree.of('Service')) {
      if (namespaceOf(service) !== pod.namespace || !serviceSelects(service, pod.labels)) continue;
      const type = service.at('spec', 'type').text ?? 'ClusterIP';
      const from = type === 'ClusterIP' ? 'the cluster' : `outside the cluster (${type})`;
      for (const port of service.at('spec', 'ports').items()) {
        const target = String(port.at('targetPort').value ?? port.at('port').value);
        add(
          objectKey(service),
          `${from} → Service ${nameOf(service)}:${String(port.at('port').value)} → ${name} ${target}`,
        );
      }
    }
    if (pod.spec.at('hostNetwork').value === true)
      add(objectKey(pod.workload), `the node's network → ${name}: all ports`);
    for (const port of pod.allContainers.flatMap((container) => container.at('ports').items())) {
      const hostPort = port.at('hostPort').number;
      if (hostPort !== undefined) add(objectKey(pod.workload), `every node:${hostPort} → ${name}`);
    }
  }
  return flows;
}

function addPodFlows(
  tree: Tree,
  pod: Pod,
  direction: Direction,
  add: (object: string, text: string, except?: readonly string[]) => void,
): void {
  const name = nameOf(pod.workload);
  const arrow = (peer: string, port: string): string =>
    direction === 'Ingress' ? `${peer} → ${name}: ${port}` : `${name} → ${peer}: ${port}`;
  const object = objectKey(pod.workload);
  if (isolating(tree, pod, direction).length === 0) add(object, arrow('anywhere', 'every port'));
  for (const rule of allowing(tree, pod, direction)) {
    const peers = rule.peers.items();
    const ports = rule.ports.items();
    const named = ports.length === 0 ? ['every port'] : ports.map((port) => portText(pod, port, direction));
    for (const port of named) {
      if (peers.length === 0) add(object, arrow('anywhere', port));
      for (const peer of peers) {
        const except = peer
          .at('ipBlock', 'except')
          .items()
          .map(({ value }) => String(value));
        add(object, arrow(peerText(peer, pod.namespace), port), except);
      }
    }
  }
}

function portText(pod: Pod, port: Field, direction: Direction): string {
  const number = port.at('port').number ?? port.at('port').text;
  const end = port.at('endPort').number;
  const protocol = protocolOf(port);
  if (number === undefined) return `every ${protocol} port`;
  const declared = direction === 'Ingress' ? openedPort(pod, port)?.name : undefined;
  const range = end === undefined ? String(number) : `${String(number)}-${end}`;
  return `${range}/${protocol}${declared === undefined || declared === number ? '' : ` (${declared})`}`;
}

function peerText(peer: Field, namespace: string): string {
  const cidr = peer.at('ipBlock', 'cidr').text;
  if (cidr !== undefined) return cidr;
  const namespaces = peer.at('namespaceSelector');
  const pods = peer.at('podSelector');
  const where = namespaces.exists ? selectorText(namespaces, 'namespace') : `namespace ${namespace}`;
  return pods.exists ? `${selectorText(pods, 'pod')} in ${where}` : where;
}

function selectorText(selector: Field, what: 'namespace' | 'pod'): string {
  const labels = stringMap(selector.at('matchLabels'));
  const name = labels.get('kubernetes.io/metadata.name');
  if (name !== undefined && labels.size === 1) return `${what} ${name}`;
  const terms = [
    ...[...labels].map(([key, value]) => `${key}=${value}`),
    ...selector
      .at('matchExpressions')
      .items()
      .map(({ value }) => JSON.stringify(value)),
  ];
  return terms.length === 0 ? `every ${what}` : `${what}s ${terms.join(',')}`;
}
