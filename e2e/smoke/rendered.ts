import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { run } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';
import type { Report } from './report.ts';

const root = join(import.meta.dirname, '../..');

/** The word that Flux's automation looks for; only files with it are ever rewritten. */
const markerWord = '"$imagepolicy"';

/** What the programs that read `dist/` in a cluster make of it. */
export async function renderedCases(report: Report, say: (line: string) => void): Promise<void> {
  const roundtrip = await tool('roundtrip', say);
  const kustomize = await tool('kustomize', say);

  await report.case("our stand-in for Flux's setter passes its own tests", async () => {
    await run('go', ['test', './roundtrip'], { cwd: join(root, 'e2e/tools') });
  });

  const marked = globSync('{app/images,dist}/**/*.{yaml,yml}', { cwd: root }).filter((file) =>
    readFileSync(join(root, file), 'utf8').includes(markerWord),
  );
  await report.case(
    `a bump by Flux rewrites no other line (${marked.length} files with a marker)`,
    async () => {
      assert(marked.length >= 2, 'expected at least the images file and the Deployment');
      await run(roundtrip, ['check', ...marked], { cwd: root });
    },
  );

  const folders = globSync('dist/**/kustomization.yaml', { cwd: root }).map(dirname).toSorted();
  await report.case('dist/ has kustomizations', async () => assert(folders.length > 0));
  for (const folder of folders) {
    await report.case(`kustomize build ${folder}`, async () => {
      const built = await run(kustomize, ['build', folder], { cwd: root });
      assert.match(built, /^kind: /m);
    });
  }
}
