import { describe, expect, it } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { native } from './native.ts';

function chart(): Chart {
  return new Chart(new App(), 'test');
}

describe('native', () => {
  it('renders every field that was set, boxes and lists included', () => {
    const object = native(k8s.KubeService, chart(), 'service', {
      metadata: { name: 'x' },
      spec: { ports: [{ port: 25, targetPort: k8s.IntOrString.fromString('smtp') }], selector: { app: 'x' } },
    });
    expect(object.toJson()).toMatchObject({
      spec: { ports: [{ port: 25, targetPort: 'smtp' }], selector: { app: 'x' } },
    });
  });

  it('refuses a field that the L1 class drops: it is newer than the class', () => {
    const sleep = { lifecycle: { preStop: { sleep: { seconds: 5 } } } };
    const container = { name: 'x', ...sleep };
    expect(() => native(k8s.KubePod, chart(), 'pod', { spec: { containers: [container] } })).toThrow(
      /KubePod drops the field spec\.containers\.0\.lifecycle\.preStop\.sleep/,
    );
  });
});
