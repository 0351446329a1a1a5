import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { run } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';
import { commit, git, withCheckout } from './checkout.ts';
import type { Report } from './report.ts';

const root = join(import.meta.dirname, '../..');

/** A marked line of an images file: `name: repository:env-YYYYMMDD.N # {"$imagepolicy": "namespace:policy"}` */
const markedLine =
  /^\S+: (?<repository>\S+):(?<environment>[a-z0-9-]+)-\d{8}\.\d+(?:@\S+)? # \{"\$imagepolicy": "(?<policy>[^"]+)"\}$/gm;

/** Flux's next commit, played on a copy of the repository: synth must then have nothing to do. */
export async function bumpCases(report: Report, say: (line: string) => void): Promise<void> {
  const roundtrip = await tool('roundtrip', say);
  const assignments = nextImages();
  await report.case(
    `a bump by Flux (${assignments.length} images, one commit) is a fixed point of synth`,
    async () => {
      assert(assignments.length > 0, 'no marked line in app/images/');
      await withCheckout(async (copy) => {
        await run(roundtrip, ['set', copy, ...assignments], { cwd: copy });
        const changed = await git(copy, ['diff', '--numstat']);
        const lines = changed
          .trim()
          .split('\n')
          .map((line) => {
            const [, added, path] =
              /^(\d+)\t\1\t(.+)$/.exec(line) ?? assert.fail(`not just values changed:\n${changed}`);
            assert.match(path ?? '', /^(app\/images|dist)\//);
            return Number(added);
          });
        // Each image has one line in its images file, and one in its Deployment.
        assert.equal(
          lines.reduce((sum, count) => sum + count, 0),
          2 * assignments.length,
          changed,
        );
        await commit(copy, 'bump');

        await run('npm', ['run', '-s', 'synth'], { cwd: copy });
        assert.equal(await git(copy, ['status', '--porcelain']), '', 'synth changed what Flux wrote');
      });
    },
  );
}

/** A newer tag with a digest for every policy that marks a line, as `namespace:policy=image`. */
function nextImages(): string[] {
  const texts = globSync('app/images/*.yaml', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  );
  return texts
    .flatMap((text) => [...text.matchAll(markedLine)])
    .map(({ groups: { repository, environment, policy } = {} }) => {
      return `${policy}=${repository}:${environment}-20991231.10@sha256:${'0f'.repeat(32)}`;
    });
}
