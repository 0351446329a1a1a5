/**
 * Makes checks/schemas/*.json: strict JSON schemas of the kinds that an environment may hold, from pinned Go
 * modules. Needs Go and a module proxy, and 1 to 3 minutes the first time; nothing else of this repository
 * needs them, since the result is committed.
 *
 *     node scripts/schemas.ts           writes the files
 *     node scripts/schemas.ts --check   says whether the committed files are what the modules give
 *
 * A new version: change it in scripts/schemas/modules.ts (its checksum is printed when it differs) or in
 * checks/schemas/tools/go.mod (then `go mod tidy` there), run this, and read the diff: one line a definition.
 * Exit codes: 0 done or equal, 1 the committed files differ, 2 could not run.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SchemaFile } from '../checks/schemas/schema-file.ts';
import { fluxCrdFiles, imageCrdFiles, prometheusCrdFiles, TOOLS } from './schemas/crd-files.ts';
import { crdSchemas } from './schemas/crds.ts';
import { kubernetesSchemas } from './schemas/kubernetes.ts';
import { PROMETHEUS_OPERATOR } from './schemas/modules.ts';
import { format, isSchema, type Schema } from './schemas/schema.ts';

const FOLDER = fileURLToPath(new URL('../checks/schemas', import.meta.url));

function go(...args: readonly string[]): string {
  return execFileSync('go', args, { cwd: TOOLS, encoding: 'utf8', maxBuffer: 1 << 24 });
}

/** A file with kinds that have nothing in common but their source. */
function standalone(version: string, schemas: ReadonlyMap<string, Schema>): SchemaFile {
  const kinds = Object.fromEntries(
    [...schemas.keys()].toSorted().map((kind) => [kind, kind.replaceAll('/', '.')]),
  );
  return {
    kinds: { [version]: kinds },
    $defs: Object.fromEntries([...schemas].map(([kind, schema]) => [kind.replaceAll('/', '.'), schema])),
  };
}

function fluxSchemas(): SchemaFile {
  const scratch = mkdtempSync(join(tmpdir(), 'schemas-'));
  try {
    return standalone('2.9', crdSchemas([...fluxCrdFiles(), ...imageCrdFiles(scratch)]));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function prometheusSchemas(): SchemaFile {
  return standalone(PROMETHEUS_OPERATOR.version, crdSchemas(prometheusCrdFiles()));
}

function kustomizeSchemas(): SchemaFile {
  const schema: unknown = JSON.parse(go('run', './kustomization'));
  if (!isSchema(schema)) throw new Error('the tool printed no schema');
  const [, version = ''] = /kustomize\/api (v\S+)/.exec(readFileSync(join(TOOLS, 'go.mod'), 'utf8')) ?? [];
  return standalone(version, new Map([['kustomize.config.k8s.io/v1beta1/Kustomization', schema]]));
}

function main(check: boolean): number {
  const files = {
    'kubernetes.json': kubernetesSchemas(),
    'flux.json': fluxSchemas(),
    'prometheus-operator.json': prometheusSchemas(),
    'kustomize.json': kustomizeSchemas(),
  };
  let differing = 0;
  for (const [name, file] of Object.entries(files)) {
    const path = join(FOLDER, name);
    const text = format(file);
    if (!check) writeFileSync(path, text);
    else if (readFileSync(path, 'utf8') !== text) {
      differing += 1;
      process.stderr.write(`checks/schemas/${name} is not what the pinned modules give\n`);
    }
  }
  return differing === 0 ? 0 : 1;
}

try {
  process.exitCode = main(process.argv.includes('--check'));
} catch (error) {
  process.stderr.write(`schemas: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
