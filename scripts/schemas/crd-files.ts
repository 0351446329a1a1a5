/** The pinned CustomResourceDefinitions, as files: published with their modules, or made from their types. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { FLUX, PROMETHEUS_OPERATOR, sourcesOf } from './modules.ts';

/** The Go module of controller-gen and of the types it reads. */
export const TOOLS = fileURLToPath(new URL('../../checks/schemas/tools', import.meta.url));

/** Kinds of the Prometheus operator that environments hold; the others describe Prometheus itself. */
const MONITORING = ['podmonitors', 'prometheusrules', 'servicemonitors'];

/** Of source-controller and kustomize-controller. */
export function fluxCrdFiles(): string[] {
  return FLUX.flatMap((module) => yamlFiles(join(sourcesOf(module), 'config/crd/bases')));
}

/** Of Flux's image controllers, which publish types only: made in a folder of the caller's. */
export function imageCrdFiles(folder: string): string[] {
  const api = ['image-reflector-controller', 'image-automation-controller'];
  const paths = api.map((name) => `paths=github.com/fluxcd/${name}/api/v1`);
  execFileSync('go', ['tool', 'controller-gen', 'crd:maxDescLen=0', ...paths, `output:crd:dir=${folder}`], {
    cwd: TOOLS,
    encoding: 'utf8',
  });
  return yamlFiles(folder);
}

/** Of the Prometheus operator: what selects and alerts. */
export function prometheusCrdFiles(): string[] {
  const folder = join(sourcesOf(PROMETHEUS_OPERATOR), 'example/prometheus-operator-crd');
  return MONITORING.map((name) => join(folder, `monitoring.coreos.com_${name}.yaml`));
}

function yamlFiles(folder: string): string[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => join(folder, file));
}
