import ipaddr from 'ipaddr.js';
import { z } from 'zod';

import { Field } from '../../../checks/field.ts';
import { selects } from '../../../checks/selector.ts';
import { names } from './links.ts';

const selector = z.looseObject({});
const peer = z.object({
  podSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ipBlock: z.object({ cidr: z.string(), except: z.array(z.string()).default([]) }).optional(),
});
const port = z.object({
  port: z.union([z.number(), z.string()]).optional(),
  endPort: z.number().optional(),
  protocol: z.string().default('TCP'),
});
const rule = z.object({
  from: z.array(peer).default([]),
  to: z.array(peer).default([]),
  ports: z.array(port).default([]),
});
const labelled = z.looseObject({
  name: z.string(),
  namespace: z.string().default(''),
  labels: z.record(z.string(), z.string()).default({}),
});
const policy = z.object({
  metadata: labelled,
  spec: z.object({
    podSelector: selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(rule).default([]),
    egress: z.array(rule).default([]),
  }),
});
const containerPort = z.object({
  name: z.string().optional(),
  containerPort: z.number(),
  protocol: z.string().default('TCP'),
});
const pod = z.object({
  metadata: labelled,
  spec: z.object({
    hostNetwork: z.boolean().default(false),
    containers: z.array(z.object({ ports: z.array(containerPort).default([]) })),
  }),
  status: z.object({ podIP: z.string().optional(), phase: z.string().optional() }),
});
const namespace = z.object({ metadata: labelled });

type Pod = z.infer<typeof pod> & { readonly address: string };
type Direction = 'Ingress' | 'Egress';

/** Which packets: a match of nft, and the pod at the other end where it is one. */
interface End {
  readonly match: string;
  readonly pod?: Pod;
}

/** Objects as the API gives them. */
export interface PolicyWorld {
  readonly pods: readonly unknown[];
  readonly namespaces: readonly unknown[];
  readonly policies: readonly unknown[];
}

/**
 * A table of nftables that does what NetworkPolicies say (networking.k8s.io/v1, IPv4): a pod that a policy
 * selects for a direction is reached, or reaches out, only as some policy allows. Answers to what was allowed
 * pass. Replaces the table of before in one transaction.
 */
export function policyTable(world: PolicyWorld): string {
  const policies = world.policies.map((one) => policy.parse(one));
  const cluster = new Cluster(world);
  const chains: string[] = [];
  const jumps: string[] = [];
  for (const direction of ['Egress', 'Ingress'] as const) {
    for (const one of cluster.pods) {
      const applying = policies.filter(
        ({ metadata, spec }) =>
          metadata.namespace === one.metadata.namespace &&
          spec.policyTypes.includes(direction) &&
          isSelected(spec.podSelector, one.metadata.labels),
      );
      if (applying.length === 0) continue;
      const chain = `${direction.toLowerCase()}_${one.address.replaceAll('.', '_')}`;
      const allowed = applying.flatMap(({ spec }) =>
        (direction === 'Ingress' ? spec.ingress : spec.egress).flatMap((each) =>
          cluster.matches(direction, one, each),
        ),
      );
      chains.push(
        block(
          `chain ${chain}`,
          [...new Set(allowed)].map((match) => `${match} return`.trim()),
          'counter drop',
        ),
      );
      jumps.push(`ip ${direction === 'Ingress' ? 'daddr' : 'saddr'} ${one.address} jump ${chain}`);
    }
  }
  const hook = (name: string): string =>
    block(
      `chain ${name}`,
      [`type filter hook ${name} priority filter; policy accept;`, 'ct state established,related accept'],
      // What a pod sends to the node itself is not forwarded, and yet leaves the pod.
      ...jumps.filter((jump) => name === 'forward' || jump.startsWith('ip saddr')),
    );
  const table = `table inet ${names.policies}`;
  return `${table}\ndelete ${table}\n${block(table, [...chains, hook('forward'), hook('input')])}\n`;
}

/** Pods and namespaces, to find the other ends of a rule. */
class Cluster {
  readonly pods: readonly Pod[];
  readonly #labels: ReadonlyMap<string, Readonly<Record<string, string>>>;

  constructor({ pods, namespaces }: PolicyWorld) {
    this.pods = pods
      .map((one) => pod.parse(one))
      .filter(({ spec, status }) => !spec.hostNetwork && !/^(Succeeded|Failed)$/.test(status.phase ?? ''))
      .flatMap((one) => (one.status.podIP === undefined ? [] : [{ ...one, address: one.status.podIP }]));
    this.#labels = new Map(
      namespaces.map((one) => namespace.parse(one)).map(({ metadata }) => [metadata.name, metadata.labels]),
    );
  }

  /** The matches of nft for what a rule allows a pod. */
  matches(direction: Direction, own: Pod, allowed: z.infer<typeof rule>): string[] {
    const peers = direction === 'Ingress' ? allowed.from : allowed.to;
    const ends =
      peers.length === 0 ? [{ match: '' }] : peers.flatMap((one) => this.#ends(direction, own, one));
    return ends.flatMap((end) => {
      if (allowed.ports.length === 0) return [end.match];
      return allowed.ports.flatMap((one) => {
        // A name is that of a port of the pod where the packets go.
        const target = direction === 'Ingress' ? own : end.pod;
        return portNumbers(one, target).map((range) =>
          `${end.match} ${one.protocol.toLowerCase()} ${range}`.trim(),
        );
      });
    });
  }

  #ends(direction: Direction, own: Pod, one: z.infer<typeof peer>): End[] {
    const field = `ip ${direction === 'Ingress' ? 'saddr' : 'daddr'}`;
    if (one.ipBlock !== undefined) {
      const { cidr, except } = one.ipBlock;
      if (!ipaddr.IPv4.isValidCIDR(cidr)) return [];
      const left = except.length === 0 ? '' : ` ${field} != { ${except.join(', ')} }`;
      return [{ match: `${field} ${cidr}${left}` }];
    }
    return this.pods
      .filter(({ metadata }) => {
        const inNamespace =
          one.namespaceSelector === undefined
            ? metadata.namespace === own.metadata.namespace
            : isSelected(one.namespaceSelector, this.#labels.get(metadata.namespace) ?? {});
        return inNamespace && isSelected(one.podSelector ?? {}, metadata.labels);
      })
      .map((found) => ({ match: `${field} ${found.address}`, pod: found }));
  }
}

function portNumbers(
  { port: wanted, endPort, protocol }: z.infer<typeof port>,
  target: Pod | undefined,
): string[] {
  if (wanted === undefined) return ['dport 0-65535'];
  if (typeof wanted === 'number') return [`dport ${wanted}${endPort === undefined ? '' : `-${endPort}`}`];
  return (target?.spec.containers ?? [])
    .flatMap(({ ports }) => ports)
    .filter((one) => one.name === wanted && one.protocol === protocol)
    .map(({ containerPort: number }) => `dport ${number}`);
}

function isSelected(by: z.infer<typeof selector>, labels: Readonly<Record<string, string>>): boolean {
  const document = { manifest: { apiVersion: 'v1', kind: 'Pod' }, file: '' };
  return selects(new Field(document, [], by), new Map(Object.entries(labels)));
}

function block(head: string, lines: readonly string[], ...more: readonly string[]): string {
  return `${head} {\n${[...lines, ...more].join('\n')}\n}`;
}
