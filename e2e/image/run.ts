/**
 * `npm run image`: builds the image of each of our programs by its published Containerfile, twice, and runs
 * it under the terms of the rendered Deployment. Needs root, buildah and runc; no registry of images.
 * Exit codes: 0 all passed, 1 a case failed, 2 could not run.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Report } from '../smoke/report.ts';
import { ToolError } from '../tools/run.ts';
import { buildCases, contextCases } from './build-cases.ts';
import { Buildah } from './buildah.ts';
import { Runc } from './container.ts';
import { type Rendered, renderedContainer } from './deployment.ts';
import { publicBase } from './image.ts';
import { requirePrograms, requireRoot } from '../tools/needs.ts';
import { mxValidatorCases, outboxCases, outboxFolders } from './own-cases.ts';
import { type Program, programs } from './program.ts';
import { runCases, type RunOptions } from './run-cases.ts';
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
  const base = publicBase(root, programs[0]?.name ?? '');
  say(`stand-in for ${base}: this machine's own files, with Node ${process.version}`);
  const standIn = await buildStandIn(buildah);
  await contextCases(report, buildah, { root, programs });
  for (const program of programs) {
    say(`\n${program.name}`);
    const rendered = renderedContainer(root, program.name);
    const image = await buildCases(report, buildah, program, { root, standIn, rendered });
    if (image === undefined) continue;
    const own = ownCases({ report, buildah, runc }, program, rendered);
    await runCases(report, runc, program, { image, rendered, ...own });
  }
  say(`\n${report.closing()} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  process.exitCode = report.failed > 0 ? 1 : 0;
}

function ownCases(
  { report, buildah, runc }: { report: Report; buildah: Buildah; runc: Runc },
  { name }: Program,
  rendered: Rendered,
): Pick<RunOptions, 'folders' | 'ownCases'> {
  if (name === 'mx-validator') {
    return {
      folders: new Map(),
      ownCases: (container) => mxValidatorCases(report, container, rendered),
    };
  }
  const folders = outboxFolders(root, mkdtempSync(join(buildah.folder, 'volumes-')), rendered);
  return { folders, ownCases: (container) => outboxCases(report, runc, container, folders) };
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
