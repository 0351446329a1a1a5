import type { Environment } from '../../../app/environment.ts';
import type { Report } from '../../smoke/report.ts';
import { acceptedCases, deleteAll } from '../cases/accepted.ts';
import { apiDefectCases } from '../cases/defects.ts';
import { bareClusterCases, smtp2graphCases } from '../cases/variants.ts';
import { referenceTo } from '../api.ts';
import type { KubeApi } from '../api.ts';
import { installCrds } from '../crds.ts';
import type { Host } from '../host.ts';
import { find } from '../tree.ts';
import type { Placed } from '../tree.ts';

export interface ApiOptions {
  readonly api: KubeApi;
  readonly environment: Environment;
  readonly tree: readonly Placed[];
}

/** What Kubernetes' API server makes of `dist/`: needs no root and no kubelet. Leaves all kinds behind. */
export async function apiStage(
  host: Host,
  report: Report,
  { api, environment, tree }: ApiOptions,
): Promise<void> {
  await api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } });

  report.group('a cluster with less');
  await installCrds(api, 'flux');
  await bareClusterCases(report, { api, environment });

  report.group('dist/ as the API server takes it');
  await installCrds(api, 'images', 'monitoring');
  await acceptedCases(report, { api, tree, scratch: host.path('scratch') });
  await smtp2graphCases(report, { api, environment });

  report.group('defects');
  await apiDefectCases(report, { api, tree });
  await deleteAll(api, tree);
  await api.delete(referenceTo(find(tree, 'Namespace')));
}
