import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

import { fluxCrdFiles, imageCrdFiles, prometheusCrdFiles, TOOLS } from '../../scripts/schemas/crd-files.ts';
import { cacheFolder, modules } from '../tools/cache.ts';
import { requireGo } from '../tools/go.ts';
import { until } from '../up/until.ts';
import { asKubeObject, at, referenceTo } from './api.ts';
import type { KubeApi, KubeObject } from './api.ts';

/** The kinds that a cluster has beyond Kubernetes' own, by what installs them. */
export type CrdSet = 'flux' | 'images' | 'monitoring';

const makers: Readonly<Record<CrdSet, (scratch: string) => string[]>> = {
  flux: fluxCrdFiles,
  images: imageCrdFiles,
  monitoring: prometheusCrdFiles,
};

/** Installs CustomResourceDefinitions, and waits until the API server serves their kinds. */
export async function installCrds(api: KubeApi, ...sets: CrdSet[]): Promise<void> {
  const crds = (await Promise.all(sets.map(readCrds))).flat();
  await Promise.all(crds.map((crd) => api.apply(crd, { manager: 'e2e' })));
  for (const crd of crds) {
    await until(`the kind of ${crd.metadata.name}`, async () => {
      const conditions = at(await api.get(referenceTo(crd)), 'status', 'conditions');
      if (!Array.isArray(conditions)) return undefined;
      return conditions.some((one) => at(one, 'type') === 'Established' && at(one, 'status') === 'True')
        ? true
        : undefined;
    });
  }
}

/** The definitions of a set, from the cache when they were made before from the same pins. */
async function readCrds(set: CrdSet): Promise<KubeObject[]> {
  const path = join(cacheFolder(modules.cluster), `crds-${set}-${pins()}.json`);
  if (!existsSync(path)) await makeCrds(set, path);
  const list: unknown = JSON.parse(readFileSync(path, 'utf8'));
  return Array.isArray(list) ? list.map(asKubeObject) : [];
}

async function makeCrds(set: CrdSet, path: string): Promise<void> {
  await requireGo(TOOLS);
  mkdirSync(dirname(path), { recursive: true });
  const scratch = mkdtempSync(`${path}-`);
  try {
    const crds: unknown[] = makers[set](scratch).map((file) => parse(readFileSync(file, 'utf8')));
    const unfinished = join(scratch, 'crds.json');
    writeFileSync(unfinished, JSON.stringify(crds));
    renameSync(unfinished, path);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** A hash of what pins the definitions. */
function pins(): string {
  const hash = createHash('sha256');
  const files = [join(import.meta.dirname, '../../scripts/schemas/modules.ts'), join(TOOLS, 'go.sum')];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
