/**
 * `npm run image`: builds the image of mx-validator by its published Containerfile, twice, and runs it under
 * the terms of the rendered Deployment. Needs root, buildah and runc; no registry of images.
 * Exit codes: 0 all passed, 1 a case failed, 2 could not run.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Report } from '../smoke/report.ts';
import { ToolError } from '../tools/run.ts';
import { buildCases } from './build-cases.ts';
import { Buildah } from './buildah.ts';
import { Runc } from './container.ts';
import { renderedContainer } from './deployment.ts';
import { publicBase } from './image.ts';
import { requirePrograms, requireRoot } from '../tools/needs.ts';
import { runCases } from './run-cases.ts';
import { buildStandIn } from './stand-in.ts';

const root = join(import.meta.dirname, '../..');

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  await requirePrograms('buildah', 'runc');
  requireRoot('it mounts images and makes containers');
  const folder = mkdtempSync(join(tmpdir(), 'email-relay-image-'));
  const buildah = new Buildah(folder);
  const runc = new Runc(mkdtempSync(join(folder, 'runc-')));
  try {
    await Promise.race([cases(buildah, runc), interruption()]);
  } finally {
    await runc.remove();
    await buildah.remove();
  }
}

async function cases(buildah: Buildah, runc: Runc): Promise<void> {
  const start = performance.now();
  const report = new Report(say);
  const rendered = renderedContainer(root);
  say(`stand-in for ${publicBase(root)}: this machine's own files, with Node ${process.version}`);
  const standIn = await buildStandIn(buildah);
  const image = await buildCases(report, buildah, { root, standIn, rendered });
  if (image !== undefined) await runCases(report, runc, image, rendered);
  say(`\n${report.closing()} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}

/** Rejects when we are asked to stop, so that what was made is removed first. */
function interruption(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new ToolError(`stopped by ${signal}`)));
    }
  });
}

await main().catch((error: unknown) => {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  // Not process.exitCode: cases that were interrupted must not go on.
  process.exit(2);
});
