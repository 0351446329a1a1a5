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
    // With an exec beside it, the types of 1.28 let a newer handler pass.
    const handler = { exec: { command: ['true'] }, sleep: { seconds: 5 } };
    const container = { name: 'x', lifecycle: { preStop: handler } };
    expect(() => native(k8s.KubePod, chart(), 'pod', { spec: { containers: [container] } })).toThrow(
      /KubePod drops the field spec\.containers\.0\.lifecycle\.preStop\.sleep/,
    );
  });
});
