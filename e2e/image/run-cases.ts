import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Report } from '../smoke/report.ts';
import { run } from '../tools/run.ts';
import { memoryIsLimited } from './container.ts';
import type { Container, Folders, Runc } from './container.ts';
import type { Rendered } from './deployment.ts';
import type { Image } from './image.ts';
import type { Program } from './program.ts';

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

export interface RunOptions {
  readonly image: Image;
  readonly rendered: Rendered;
  readonly folders: Folders;
  /** What is promised of this program alone, tried while it runs. */
  readonly ownCases: (container: Container) => Promise<void>;
}

/** Runs an image as the rendered Deployment does, except that nothing listens where the next hop should. */
export async function runCases(
  report: Report,
  runc: Runc,
  program: Program,
  { image, rendered, folders, ownCases }: RunOptions,
): Promise<void> {
  await report.case('a bad configuration is said, and exits with 78', async () => {
    const wrong = program.misconfigured(rendered);
    const { ended, output } = await runc.start(image, wrong.rendered, folders);
    assert.equal(await ended, 'exit code 78', output.join('\n'));
    assert.match(output.join('\n'), wrong.says);
  });

  const limit = memoryIsLimited()
    ? `with ${mebibytes(rendered.memory)} of memory`
    : 'MEMORY NOT LIMITED HERE';
  let container: Container | undefined;
  await report.case(`it starts as the Deployment says (${limit})`, async () => {
    const started = await runc.start(image, rendered, folders);
    const answer = await probe(started, 'http', program.metricsPort, program.paths.live).catch(String);
    assert.match(answer, /^200$/m, `${answer}\nit printed:\n${started.output.join('\n')}`);
    container = started;
  });
  if (container === undefined) return;
  await processCases(report, container, rendered);
  await ownCases(container);
  await closingCases(report, container, program);
}

async function processCases(report: Report, container: Container, { uid, gid }: Rendered): Promise<void> {
  await report.case(`its process has uid ${uid}, no capability and no way to gain one`, async () => {
    const status = readFileSync(`/proc/${container.pid}/status`, 'utf8');
    assert.match(status, new RegExp(`^Uid:(\\t${uid}){4}$`, 'm'));
    assert.match(status, new RegExp(`^Gid:(\\t${gid}){4}$`, 'm'));
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
      assert.match(status, new RegExp(`^${set}:\\t0+$`, 'm'));
    }
    assert.match(status, /^NoNewPrivs:\t1$/m);
  });

  await report.case('its file system is read-only, even for root', async () => {
    const file = join(`/proc/${container.pid}/root`, 'file');
    assert.throws(() => writeFileSync(file, ''), { code: 'EROFS' });
  });
}

async function closingCases(
  report: Report,
  container: Container,
  { metricsPort, paths, metrics }: Program,
): Promise<void> {
  await report.case(`${paths.metrics} has every metric of the contract`, async () => {
    const text = await probe(container, 'http', metricsPort, paths.metrics);
    const missing = Object.entries(metrics).filter(
      ([name, type]) => !text.includes(`# TYPE ${name} ${type}\n`),
    );
    assert.deepEqual(missing, []);
  });

  await report.case('SIGTERM ends it with exit code 0', async () => {
    process.kill(container.pid, 'SIGTERM');
    assert.equal(await container.ended, 'exit code 0', container.output.join('\n'));
  });
}

/** Asks the container from within its network; see probe.ts. */
export function probe(
  { pid }: Container,
  protocol: 'smtp' | 'http',
  port: number,
  ...rest: string[]
): Promise<string> {
  const program = join(import.meta.dirname, 'probe.ts');
  const command = [process.execPath, program, protocol, String(port), ...rest];
  return run('nsenter', [`--net=/proc/${pid}/ns/net`, ...command], { cwd: '/' });
}
