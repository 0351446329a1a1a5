import { expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../../render/git-tree.ts';
import { withGitCopy } from '../../test/git-copy.ts';
import { checkCommit, judgeApart } from './check-commit.ts';

it('lets a commit pass, stops one whose dist/ is edited or not staged, and does not look at others', async () => {
  await withGitCopy(async (root) => {
    const file = join(root, 'dist/k8s/prod/30-service.yaml');
    const rendered = readFileSync(file, 'utf8');
    writeFileSync(file, rendered.replace('port: 25\n', 'port: 26\n'));

    // Nothing of it is staged.
    expect(await checkCommit(root, false)).toEqual({ allowed: true, says: '' });

    git(root, ['add', 'dist']);
    const edited = await checkCommit(root, false);
    expect(edited.allowed).toBe(false);
    expect(edited.says).toMatch(/dist\/k8s\/prod\/30-service\.yaml:\d+[^]*is 26, and the sources render 25/);
    expect(edited.says).toContain(
      'Not committed. Mostly `npm run synth && git add dist` is what is missing.',
    );

    // Put right on disk, and the wrong one still staged.
    writeFileSync(file, rendered);
    expect(await checkCommit(root, false)).toEqual({
      allowed: false,
      says: 'Not committed: rendered files are not part of it (dist/k8s/prod/30-service.yaml). Run git add dist.\n',
    });
  });
});

it('says what it checked and what is not part of the commit', () => {
  expect(judgeApart([])).toEqual({ allowed: true, says: '' });
  expect(judgeApart(['constructs/claim.ts'])).toEqual({
    allowed: true,
    says: 'Checked with changes that are not part of this commit (constructs/claim.ts).\n',
  });
});
