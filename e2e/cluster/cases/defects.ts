import assert from 'node:assert/strict';

import { validate } from '../../../checks/schemas/validate.ts';
import type { Report } from '../../smoke/report.ts';
import type { KubeApi, KubeObject } from '../api.ts';
import { referenceTo } from '../api.ts';
import { podFrom, templateOf, withPodSpec } from '../pod-template.ts';
import { find } from '../tree.ts';
import type { Placed } from '../tree.ts';
import { admit, applyAll } from './accepted.ts';

/** Defects that manifests like these have or could have: each is put in, and must be refused by its name. */
export async function apiDefectCases(
  report: Report,
  { api, tree }: { api: KubeApi; tree: readonly Placed[] },
): Promise<void> {
  const deployment = find(tree, 'Deployment');
  const apply = (object: KubeObject): Promise<unknown> =>
    applyAll(api, [{ file: 'k8s/prod/20-deployment.yaml', object }], { dryRun: true });

  await report.case('defect: a volume that is mounted and not there', async () => {
    const broken = withPodSpec(deployment, (spec) => ({ ...spec, volumes: spec.volumes?.slice(1) ?? [] }));
    const [missing] = templateOf(deployment).spec.volumes ?? [];
    await assert.rejects(apply(broken), new RegExp(`volumeMounts.*Not found: "${missing?.name}"`));
  });

  await report.case('defect: a container that runs as root', async () => {
    const securityContext = { runAsNonRoot: false, runAsUser: 0 };
    const broken = withPodSpec(deployment, (spec) => ({
      ...spec,
      containers: spec.containers.map((container) => ({ ...container, securityContext })),
    }));
    // For the Deployment it is a warning only, which applyAll does not let pass either.
    await assert.rejects(apply(broken), /would violate PodSecurity "restricted/);
    await assert.rejects(admit(api, podFrom(broken)), /violates PodSecurity "restricted.*runAsNonRoot/);
  });

  await report.case('defect: a field that does not exist, which our own check names too', async () => {
    const broken = withUnknownField(deployment);
    await assert.rejects(apply(broken), /readOnlyRootFileSystem: field not declared in schema/);
    const findings = validate([{ manifest: broken, file: 'k8s/prod/20-deployment.yaml' }], {
      kubernetes: '1.36',
      flux: '2.9',
    });
    assert.match(findings.map(({ message }) => message).join('\n'), /readOnlyRootFileSystem/);
  });

  await report.case('defect: a live Deployment whose strategy was defaulted refuses Recreate', async () => {
    const { strategy: _left, ...spec } = Object(deployment['spec']);
    const metadata = { ...deployment.metadata, name: 'without-strategy' };
    const live: KubeObject = { ...deployment, metadata, spec };
    await api.create(live);
    try {
      await assert.rejects(
        apply({ ...deployment, metadata }),
        /spec\.strategy\.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'/,
      );
    } finally {
      await api.delete(referenceTo(live));
    }
  });
}

/** The name of a field in another case than Kubernetes writes it. */
export function withUnknownField(deployment: KubeObject): KubeObject {
  return withPodSpec(deployment, (spec) => ({
    ...spec,
    containers: spec.containers.map((container) => ({
      ...container,
      securityContext: { ...Object(container['securityContext']), readOnlyRootFileSystem: true },
    })),
  }));
}
