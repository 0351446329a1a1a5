/**
 * How long synth takes, from one environment to a hundred, beside `kubectl kustomize` (or `kustomize build`) over
 * the same rendered folders in the same run: `npm run bench:synth`. Medians of several rounds; each command is a
 * process of its own, as a person starts it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { addEnvironment } from '../test/further-environment.ts';
import { withRepositoryCopy } from '../test/repository.ts';

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

const peer = kustomizer();
process.stdout.write(`medians of ${ROUNDS} rounds, ms\n`);
process.stdout.write(
  `environments | synth | a further environment | ${peer?.join(' ') ?? 'no kustomize here'}, all folders\n`,
);
let first: number | undefined;
for (const size of SIZES) {
  await withRepositoryCopy(async (root) => {
    const names = grow(root, size);
    const synth = median(() => {
      execFileSync(
        process.execPath,
        ['--import', join(root, 'scripts/require-node.mjs'), join(root, 'app/main.ts'), 'synth'],
        {
          cwd: root,
          stdio: 'ignore',
        },
      );
    });
    first ??= synth;
    const perEnvironment = size > 1 ? ((synth - first) / (size - 1)).toFixed(1) : '-';
    const kustomize =
      peer === undefined
        ? '-'
        : median(() => {
            for (const name of names)
              execFileSync(peer[0], [...peer.slice(1), join(root, 'dist/k8s', name)], { stdio: 'ignore' });
          }).toFixed(0);
    process.stdout.write(`${size} | ${synth.toFixed(0)} | ${perEnvironment} | ${kustomize}\n`);
  });
}
