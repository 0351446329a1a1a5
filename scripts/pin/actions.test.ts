import { expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from '../../render/git-tree.ts';
import { pinActions } from './actions.ts';

it('writes the commit of each action with its version behind it, and nothing when a tag is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pin-actions-'));
  try {
    const repository = join(folder, 'owner/action');
    mkdirSync(repository, { recursive: true });
    git(repository, ['init', '-q']);
    const identity = ['-c', 'user.name=Ann', '-c', 'user.email=a@example.com', '-c', 'commit.gpgsign=false'];
    git(repository, [...identity, 'commit', '-q', '--allow-empty', '-m', 'x']);
    git(repository, [...identity, 'tag', '-a', '-m', 'annotated', 'v1.2.3']);
    const commit = git(repository, ['rev-parse', 'HEAD']).trim();

    const workflow = join(folder, 'ci.yml');
    const text =
      'steps:\n  - uses: owner/action/path@v1.2.3\n  - uses: owner/action@v1.2.3\n  - run: x@v1.2.3\n';
    writeFileSync(workflow, text);
    const pin = (check: boolean) =>
      pinActions({ files: [workflow], check, host: `file://${folder}/` }, () => undefined);
    expect(await pin(true)).toBe(false);
    expect(readFileSync(workflow, 'utf8')).toBe(text);
    expect(await pin(false)).toBe(true);
    const pinned = `steps:\n  - uses: owner/action/path@${commit} # v1.2.3\n  - uses: owner/action@${commit} # v1.2.3\n  - run: x@v1.2.3\n`;
    expect(readFileSync(workflow, 'utf8')).toBe(pinned);
    expect(await pin(true)).toBe(true);

    const missing = pinned.replaceAll('v1.2.3', 'v1.2.4');
    writeFileSync(workflow, missing);
    expect(await pin(false)).toBe(false);
    expect(readFileSync(workflow, 'utf8')).toBe(missing);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
