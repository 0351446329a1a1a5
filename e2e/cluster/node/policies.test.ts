import { describe, expect, it } from '@jest/globals';

import { policyTable } from './policies.ts';

const pod = (name: string, namespace: string, podIP: string) => ({
  metadata: { name, namespace, labels: { app: name } },
  spec: { containers: [{ ports: [{ name: 'smtp', containerPort: 10_025 }] }] },
  status: { podIP, phase: 'Running' },
});

const pods = [
  pod('relay', 'mail', '10.0.0.1'),
  pod('shop', 'shop', '10.0.0.2'),
  pod('other', 'other', '10.0.0.3'),
];
const namespaces = ['mail', 'shop', 'other'].map((name) => ({ metadata: { name, labels: { name } } }));

/** The rules of a pod's chain, in order. */
function chain(name: string, spec: object): string[] {
  const policies = [{ metadata: { name: 'p', namespace: 'mail' }, spec }];
  const table = policyTable({ pods, namespaces, policies });
  return new RegExp(`chain ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(table)?.[1]?.split('\n') ?? [];
}

describe('a NetworkPolicy as a table of nftables', () => {
  it('closes a direction that it names and allows nothing in', () => {
    const deny = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
    expect(chain('ingress_10_0_0_1', deny)).toEqual(['counter drop']);
    expect(chain('egress_10_0_0_1', deny)).toEqual(['counter drop']);
    expect(chain('ingress_10_0_0_2', deny)).toEqual([]);
  });

  it('lets pods of a namespace reach a named port, which is the one of the pod that they reach', () => {
    const from = [{ namespaceSelector: { matchLabels: { name: 'shop' } } }];
    const spec = {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from, ports: [{ port: 'smtp' }] }],
    };
    expect(chain('ingress_10_0_0_1', spec)).toEqual([
      'ip saddr 10.0.0.2 tcp dport 10025 return',
      'counter drop',
    ]);
  });

  it('leaves out what a range excepts, and ranges of IPv6', () => {
    const to = [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }, { ipBlock: { cidr: '::/0' } }];
    const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [{ to, ports: [{ port: 443 }] }] };
    expect(chain('egress_10_0_0_1', spec)).toEqual([
      'ip daddr 0.0.0.0/0 ip daddr != { 10.0.0.0/8 } tcp dport 443 return',
      'counter drop',
    ]);
  });
});
