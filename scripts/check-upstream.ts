/**
 * False alarms: `npm run check -- PATH` over the manifests that pinned Go modules carry. What it calls an error there
 * must be one: each is listed here, with the reason; any other fails. Warnings are printed, to be read.
 *
 * Needs Go and a module proxy (the modules are those of scripts/schemas.ts). Exit codes: 0, 1 found another error.
 */
import { join } from 'node:path';
import { checkFolder } from '../checks/foreign/check-folder.ts';
import { FLUX, KUBERNETES, PROMETHEUS_OPERATOR, sourcesOf } from './schemas/modules.ts';

/** Mistakes of upstream, that the API server refuses as well. */
const KNOWN = [
  'cluster/addons/node-problem-detector/npd.yaml: unknown field "nodeSelectors"',
  'test/e2e/testing-manifests/serviceloadbalancer/netexecsvc.yaml: unknown field "Type"',
];

const newest = Object.values(KUBERNETES).at(-1);
const FOLDERS = [
  ...FLUX.map((module) => ({ module, folder: 'config/samples' })),
  ...FLUX.map((module) => ({ module, folder: 'config/manager' })),
  { module: PROMETHEUS_OPERATOR, folder: 'example' },
  ...(newest === undefined
    ? []
    : ['cluster/addons', 'test/e2e/testing-manifests'].map((folder) => ({ module: newest.openapi, folder }))),
];

let unknown = 0;
for (const { module, folder } of FOLDERS) {
  const path = join(sourcesOf(module), folder);
  const { findings, objects, folder: read } = checkFolder(path, { kubernetes: '1.36', flux: '2.9' });
  const warnings = findings.filter(({ severity }) => severity === 'warning');
  process.stdout.write(`${module.path}@${module.version} ${folder}: ${objects} objects\n`);
  for (const { file, object, message } of warnings) {
    process.stdout.write(`  warning ${join(read.root, file).slice(path.length + 1)} ${object}: ${message}\n`);
  }
  for (const { file, message } of findings.filter(({ severity }) => severity === 'error')) {
    const said = `${join(folder, join(read.root, file).slice(path.length + 1))}: ${message}`;
    const isKnown = KNOWN.includes(said);
    if (!isKnown) unknown += 1;
    process.stdout.write(`  ${isKnown ? 'known error of upstream' : 'ERROR'} ${said}\n`);
  }
}
process.stdout.write(unknown === 0 ? 'no false alarm\n' : `${unknown} errors to look at\n`);
process.exitCode = unknown === 0 ? 0 : 1;
