import { describe, expect, it } from '@jest/globals';
import { changedFields, fieldsOf, fieldTextAt } from './fields.ts';

const pod = {
  spec: {
    containers: [
      { name: 'a', command: ['x', 'y'], env: [{ name: 'A', value: '1' }] },
      {
        name: 'b',
        volumeMounts: [
          { name: 'data', mountPath: '/logs' },
          { name: 'data', mountPath: '/mail' },
        ],
      },
    ],
    podSelector: {},
  },
  metadata: { labels: { 'app.kubernetes.io/name': 'x' } },
};

describe('the fields of an object', () => {
  it('are named by what tells the items of a list apart; lists of scalars and empty objects are one value', () => {
    expect([...fieldsOf(pod)].map(([text, { value }]) => [text, value])).toEqual([
      ['spec.containers[a].name', 'a'],
      ['spec.containers[a].command', ['x', 'y']],
      ['spec.containers[a].env[A].name', 'A'],
      ['spec.containers[a].env[A].value', '1'],
      ['spec.containers[b].name', 'b'],
      ['spec.containers[b].volumeMounts[/logs].name', 'data'],
      ['spec.containers[b].volumeMounts[/logs].mountPath', '/logs'],
      ['spec.containers[b].volumeMounts[/mail].name', 'data'],
      ['spec.containers[b].volumeMounts[/mail].mountPath', '/mail'],
      ['spec.podSelector', {}],
      ['metadata.labels["app.kubernetes.io/name"]', 'x'],
    ]);
  });

  it('are found by the keys and indexes that rules report', () => {
    expect(fieldTextAt(pod, ['spec', 'containers', 1, 'volumeMounts', 1, 'mountPath'])).toBe(
      'spec.containers[b].volumeMounts[/mail].mountPath',
    );
    expect(fieldTextAt(pod, ['spec', 'containers', 0, 'command', 1])).toBe('spec.containers[a].command');
    expect(fieldTextAt(pod, ['spec', 'missing', 'field'])).toBe('spec.missing.field');
  });

  it('keep their names when an item is put before them', () => {
    const policy = (...ports: number[]) => ({
      spec: {
        ingress: ports.map((port) => ({
          from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': `ns-${port}` } } }],
          ports: [{ port, protocol: 'TCP' }],
        })),
      },
    });
    expect(changedFields(policy(25, 80), policy(443, 25, 80)).map(({ field }) => field)).toEqual([
      'spec.ingress[443/TCP].from[ns-443].namespaceSelector.matchLabels["kubernetes.io/metadata.name"]',
      'spec.ingress[443/TCP].ports[443/TCP].port',
      'spec.ingress[443/TCP].ports[443/TCP].protocol',
    ]);
  });
});

describe('changed fields', () => {
  it('tell what was and what is, added and removed fields included', () => {
    expect(changedFields({ a: 1, b: [1, 2], c: {} }, { a: 2, b: [1, 2], d: 'x' })).toEqual([
      { field: 'a', path: ['a'], keys: ['a'], before: 1, after: 2 },
      { field: 'd', path: ['d'], keys: ['d'], before: undefined, after: 'x' },
      { field: 'c', path: ['c'], keys: ['c'], before: {}, after: undefined },
    ]);
    expect(changedFields({ b: [1, 2] }, { b: [2, 1] })).toHaveLength(1);
  });
});
