/**
 * How long synth, check and diff take, from one environment to a hundred, beside `kubectl kustomize` (or `kustomize
 * build`) over the same rendered folders in the same run: `npm run bench:synth`. Medians of several rounds; each
 * command is a process of its own, as a person starts it. For diff, a setting of every environment has changed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { addEnvironment } from '../test/further-environment.ts';
import { commitAll, withGitCopy } from '../test/git-copy.ts';

const SIZES = [1, 10, 50, 100];
const ROUNDS = 5;

/** Adds environments until there are `count`, each on a cluster of its own. */
function grow(root: string, count: number): string[] {
  const names = ['prod'];
  for (let index = 1; index < count; index += 1) {
    const name = `env-${index}`;
    names.push(name);
    addEnvironment(root, name);
  }
  return names;
}

/** Milliseconds, median of the rounds, after one that is not counted. */
function median(run: () => void): number {
  run();
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

function kustomizer(): [command: string, ...args: string[]] | undefined {
  const candidates: [string, ...string[]][] = [
    ['kustomize', 'build'],
    ['kubectl', 'kustomize'],
  ];
  return candidates.find(
    ([command]) => spawnSync(command, ['version', '--client'], { stdio: 'ignore' }).error === undefined,
  );
}

/** Runs a command of ours; 1 means that it found something. */
function ours(root: string, ...command: readonly string[]): void {
  const program = ['--import', join(root, 'scripts/require-node.mjs'), join(root, 'app/main.ts')];
  const { status } = spawnSync(process.execPath, [...program, ...command], { cwd: root, stdio: 'ignore' });
  if (status !== 0 && status !== 1) throw new Error(`${command.join(' ')}: exit code ${status}`);
}

const peer = kustomizer();
process.stdout.write(`medians of ${ROUNDS} rounds, ms\n`);
process.stdout.write(
  `environments | synth | a further environment | check | diff | ${peer?.join(' ') ?? 'no kustomize here'}, all folders\n`,
);
let first: number | undefined;
for (const size of SIZES) {
  await withGitCopy(async (root) => {
    const names = grow(root, size);
    const synth = median(() => ours(root, 'synth'));
    first ??= synth;
    const perEnvironment = size > 1 ? ((synth - first) / (size - 1)).toFixed(1) : '-';
    const check = median(() => ours(root, 'check'));
    commitAll(root, 'All environments');
    const settings = join(root, 'app/environments/prod.ts');
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8').replace('senders: [', "senders: ['bench.example', "),
    );
    const diff = median(() => ours(root, 'diff'));
    const kustomize =
      peer === undefined
        ? undefined
        : median(() => {
            for (const name of names)
              execFileSync(peer[0], [...peer.slice(1), join(root, 'dist/k8s', name)], { stdio: 'ignore' });
          });
    const row = [size, synth, perEnvironment, check, diff, kustomize ?? '-'];
    process.stdout.write(
      `${row.map((cell) => (typeof cell === 'number' ? cell.toFixed(0) : cell)).join(' | ')}\n`,
    );
  });
}
