import assert from 'node:assert/strict';

import type { Environment } from '../../../app/environment.ts';
import type { Report } from '../../smoke/report.ts';
import type { KubeApi } from '../api.ts';
import { podFrom } from '../pod-template.ts';
import { find } from '../tree.ts';
import { variant } from '../variants.ts';
import { admit, applyAll, deleteAll } from './accepted.ts';

/** A cluster that has neither Prometheus' kinds nor those of Flux's image controllers still gets the relay. */
export async function bareClusterCases(
  report: Report,
  { api, environment }: { api: KubeApi; environment: Environment },
): Promise<void> {
  const bare = variant(environment, { monitoring: { kind: 'none' }, imageAutomation: 'off' });
  await report.case('without the kinds of Prometheus and of the image controllers: accepted', async () => {
    assert(bare.some(({ object }) => object.kind === 'Deployment'));
    await applyAll(api, bare);
    await admit(api, podFrom(find(bare, 'Deployment')));
    await deleteAll(api, bare);
  });

  await report.case('with default settings, only what is about them is refused there', async () => {
    const refused: string[] = [];
    const all = variant(environment, {});
    for (const placed of all) {
      await applyAll(api, [placed], { dryRun: placed.object.kind !== 'Namespace' }).catch((error: unknown) =>
        refused.push(`${placed.file}: ${String(error)}`),
      );
    }
    const files = all.filter(({ file }) => /monitor|prometheusrule|image-automation/.test(file));
    assert.equal(refused.length, files.length, refused.join('\n'));
    for (const line of refused) assert.match(line, /the server knows no kind/);
  });
}

/** The published order of delivery, which a setting selects. */
export async function smtp2graphCases(
  report: Report,
  { api, environment }: { api: KubeApi; environment: Environment },
): Promise<void> {
  await report.case('delivery smtp2graph: accepted and admitted (its image cannot be had here)', async () => {
    const id = '00000000-0000-0000-0000-000000000000';
    const tree = variant(environment, { delivery: { kind: 'smtp2graph', tenant: id, clientId: id } });
    const deployment = find(tree, 'Deployment');
    assert.match(JSON.stringify(deployment), /"name":"smtp2graph"/);
    await applyAll(api, tree);
    await admit(api, podFrom(deployment));
    await deleteAll(api, tree);
  });
}
