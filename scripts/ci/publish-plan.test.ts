import { describe, expect, it } from '@jest/globals';
import { publishPlan } from './publish-plan.ts';

const options = {
  images: ['a', 'b'],
  prefix: 'r.example/x',
  tag: 'prod-20260101.1',
  folder: 'build',
  sbom: false,
  sign: false,
};

function programs(switches: Partial<typeof options>): string[] {
  return publishPlan({ ...options, ...switches }).map(({ command }) => command.slice(0, 2).join(' '));
}

describe('publishing', () => {
  it('builds every image before it pushes the first', () => {
    expect(programs({})).toEqual(['buildah bud', 'buildah bud', 'buildah push', 'buildah push']);
  });

  it('describes and signs when it is told to, the digest and not the tag', () => {
    expect(programs({ sbom: true, sign: true })).toEqual([
      'buildah bud',
      'buildah bud',
      'npm sbom',
      'npm sbom',
      'buildah push',
      'cosign sign',
      'cosign attest',
      'buildah push',
      'cosign sign',
      'cosign attest',
    ]);
    const signed = publishPlan({ ...options, sign: true }).find(({ command }) => command[0] === 'cosign');
    expect(signed?.command).toEqual(['cosign', 'sign', '--yes', 'r.example/x/a@{digest}']);
  });
});
