import { describe, expect, it } from '@jest/globals';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git } from '../../render/git-tree.ts';
import { commitAll, withGitCopy } from '../../test/git-copy.ts';
import { changedFiles } from './changed-files.ts';
import { decide, imageTag } from './image-decision.ts';

/** Writes the next tag into each marked line, as Flux does. */
function bump(root: string, tag: string): void {
  for (const file of ['app/images/prod.yaml', 'dist/k8s/prod/20-deployment.yaml']) {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll(/:prod-[\d.]+(?= # \{"\$imagepolicy")/g, `:${tag}`));
  }
  commitAll(root, `Bump ${tag}`);
}

function touch(root: string, file: string): void {
  appendFileSync(join(root, file), '\n');
}

describe('a push needs new images', () => {
  it('for sources and the lock file, never for a bump, and for what is mixed with one', async () => {
    await withGitCopy(async (root) => {
      const decided = (before: string | undefined) => decide(changedFiles(root, before, 'HEAD'));

      bump(root, 'prod-20260102.1');
      expect(decided('HEAD^')).toEqual({ build: false, because: 'only lines that Flux bumps changed' });
      expect(changedFiles(root, 'HEAD^', 'HEAD').map(({ path }) => path)).toEqual([
        'app/images/prod.yaml',
        'dist/k8s/prod/20-deployment.yaml',
      ]);

      touch(root, 'relay-src/mx-validator/main.ts');
      commitAll(root, 'Source');
      expect(decided('HEAD^')).toEqual({ build: true, because: 'relay-src/mx-validator/main.ts changed' });

      writeFileSync(join(root, 'package-lock.json'), '{}\n');
      commitAll(root, 'Lock');
      expect(decided('HEAD^')).toEqual({ build: true, because: 'package-lock.json changed' });

      touch(root, 'app/settings.ts');
      touch(root, 'relay-src/mx-validator/config.test.ts');
      touch(root, 'relay-src/testing/relay.ts');
      commitAll(root, 'Settings and tests');
      expect(decided('HEAD^')).toEqual({ build: false, because: 'nothing that an image is made of changed' });

      touch(root, 'relay-src/smtp/server.ts');
      bump(root, 'prod-20260103.1');
      expect(decided('HEAD^').build).toBe(true);

      // A push of several commits, the last of them a bump.
      touch(root, 'relay-src/smtp/server.ts');
      commitAll(root, 'Source again');
      const pushed = git(root, ['rev-parse', 'HEAD^']).trim();
      bump(root, 'prod-20260104.1');
      expect(decided('HEAD^').build).toBe(false);
      expect(decided(pushed).build).toBe(true);

      // A new branch, and a commit that was forced away: the last commit alone.
      expect(decided('0000000000000000000000000000000000000000').build).toBe(false);
      expect(decided('1111111111111111111111111111111111111111').build).toBe(false);

      git(root, ['rm', '-q', 'relay-src/smtp/outgoing.ts']);
      commitAll(root, 'Remove');
      expect(decided(undefined)).toEqual({ build: true, because: 'relay-src/smtp/outgoing.ts changed' });
    });
  });
});

describe('the tag of an image', () => {
  it('has the day in UTC and the number of the pipeline', () => {
    const lateEvening = new Date('2026-01-01T23:30:00-05:00');
    expect(imageTag('prod', lateEvening, '17')).toBe('prod-20260102.17');
  });

  it.each(['', '07', '1.2', '-1', 'x'])('is refused for the number %j', (number) => {
    expect(() => imageTag('prod', new Date(0), number)).toThrow(/is no number of a pipeline/);
  });
});
