/**
 * `npm run e2e`: a real Kubernetes and a real Flux on this machine run `dist/`, and mail goes through.
 * docs/cluster.md says what is real, what stands in for something, and what a real cluster has beyond it.
 * Exit codes: 0 all passed, 1 a case failed, 2 could not run.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';

import { Report } from '../smoke/report.ts';
import { ToolError } from '../tools/run.ts';
import { requirePrograms, requireRoot } from '../tools/needs.ts';
import { startControlPlane } from './control-plane.ts';
import type { ControlPlane } from './control-plane.ts';
import { Host } from './host.ts';
import { invitation } from './keep.ts';
import { makeLinks, readSysctls } from './node/links.ts';
import { chooseNetworks } from './node/networks.ts';
import { limits, writeReport } from './report/write.ts';
import { remains, folderPrefix } from './remains.ts';
import { apiStage } from './stages/api.ts';
import { startRegistry, startWorker } from './stages/node.ts';
import { relayStage } from './stages/relay.ts';
import { readTree } from './tree.ts';
import { firstEnvironment } from './variants.ts';

const root = join(import.meta.dirname, '../..');
const reportFolder = join(root, 'e2e/report');

interface Options {
  readonly apiOnly?: true;
  readonly keep?: true;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(options: Options): Promise<void> {
  if (options.apiOnly !== true) {
    requireRoot('it makes containers, links and firewall rules');
    await requirePrograms('buildah', 'containerd', 'git', 'ip', 'nft', 'openssl', 'runc');
  }
  rmSync(reportFolder, { recursive: true, force: true });
  mkdirSync(reportFolder, { recursive: true });
  const folder = mkdtempSync(folderPrefix);
  const host = new Host({ folder, logs: join(reportFolder, 'logs'), say });
  const report = new Report(say);
  const start = performance.now();
  const sysctls = readSysctls();
  const stopped = interruption();
  try {
    const plane = await Promise.race([stages(host, report, options), stopped]);
    if (options.keep === true) {
      say(await invitation(host, plane));
      await stopped.catch(() => undefined);
    }
  } finally {
    for (const line of await host.leave()) say(`not undone: ${line}`);
    rmSync(folder, { recursive: true });
  }
  report.group('afterwards');
  await report.case('no program ended by itself', async () => assert.deepEqual(host.unexpectedEnds, []));
  await report.case('nothing is left: process, mount, cgroup, link, firewall table, sysctl', async () => {
    assert.deepEqual(options.apiOnly === true ? [] : await remains(), []);
    assert.deepEqual(readSysctls(), sysctls);
  });
  const seconds = (performance.now() - start) / 1000;
  writeReport(reportFolder, report, seconds);
  say(`\nNot in this cluster, and so not tried (docs/cluster.md):`);
  for (const line of limits()) say(`  - ${line}`);
  say(`\ne2e/report/index.html has the whole of it.`);
  say(`${report.closing()} in ${seconds.toFixed(0)} s`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}

async function stages(host: Host, report: Report, { apiOnly }: Options): Promise<ControlPlane> {
  const environment = await firstEnvironment(root);
  const tree = await readTree(join(root, 'dist'));
  if (apiOnly === true) {
    const networks = { address: '127.0.0.1', serviceNetwork: '10.203.0.0/24' };
    const plane = await startControlPlane(host, networks);
    await apiStage(host, report, { api: plane.api, environment, tree });
    return plane;
  }
  const networks = await chooseNetworks();
  const addresses = await makeLinks(host, networks);
  const registry = startRegistry(host, root, environment);
  // Awaited below; until then a failure must not end this process.
  registry.catch(() => undefined);
  const plane = await startControlPlane(host, { address: addresses.node, serviceNetwork: networks.services });
  await apiStage(host, report, { api: plane.api, environment, tree });
  const cluster = { root, environment, networks, addresses, plane, registry: await registry };
  await startWorker(host, cluster);
  await relayStage(host, report, { ...cluster, tree, reportFolder });
  return plane;
}

/** Rejects when we are asked to stop, so that what was made is removed first. */
function interruption(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new ToolError(`stopped by ${signal}`)));
    }
  });
}

await new Command('npm run e2e --')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .description('Run dist/ in a real Kubernetes with a real Flux on this machine.')
  .option('--api-only', 'only what needs no kubelet: no root, no containers')
  .option('--keep', 'leave the cluster running until Ctrl-C, and print how to reach it')
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    // Not process.exitCode: cases that were interrupted must not go on.
    process.exit(2);
  });
