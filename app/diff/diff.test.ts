import { describe, expect, it } from '@jest/globals';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addEnvironment } from '../../test/further-environment.ts';
import { commitAll, withGitCopy } from '../../test/git-copy.ts';
import { git } from '../../render/git-tree.ts';
import { withoutSecretValues } from '../secret-values.ts';
import { synth } from '../synth.ts';
import { type Diff, diffAgainst, diffEnvironments } from './diff.ts';
import { COMMENT_MARK, formatDiff } from './format.ts';

/** A committed copy of the repository with a second environment, rendered. */
async function withStaging(settings: string, body: (root: string) => Promise<void>): Promise<void> {
  await withGitCopy(async (root) => {
    addEnvironment(root, 'staging', settings);
    await synth(root, 'dist');
    commitAll(root, 'Add staging');
    await body(root);
  });
}

function edit(root: string, file: string, from: string, to: string): void {
  const text = readFileSync(join(root, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(root, file), text.replaceAll(from, to));
}

function said({ environments }: Diff): string[] {
  return environments.flatMap(({ environment, consequences }) =>
    consequences.map(({ weight, kind, says }) => `${environment} ${weight} ${kind}: ${says}`),
  );
}

describe('a diff against a revision', () => {
  it('is empty for what is committed; names what changes, in its environment alone, and who bumped the image', async () => {
    await withStaging('', async (root) => {
      expect((await diffAgainst(root, 'HEAD')).environments).toEqual([]);
      // Environments are modules, which are loaded once a process: images and secrets are read anew.
      edit(
        root,
        'app/images/staging.yaml',
        'mx-validator:staging-20260101.1',
        'mx-validator:staging-20260102.1',
      );
      const diff = await diffAgainst(root, 'HEAD');
      expect(
        diff.environments.map(({ environment, changes }) => [
          environment,
          changes.map(({ key, kind, fields }) => [key, kind, fields.length]),
        ]),
      ).toEqual([['staging', [['Deployment/email-relay/email-relay', 'changed', 1]]]]);
      expect(said(diff)).toEqual([
        expect.stringMatching(
          /^staging caution restart: restarts the pod \(containers\[mx-validator\]\.image\)/,
        ),
        expect.stringMatching(
          /^staging note image: mx-validator: staging-20260101\.1 → staging-20260102\.1, by hand \(.*, not committed yet\)$/,
        ),
      ]);
      await synth(root, 'dist');
      commitAll(root, 'second');
      expect((await diffAgainst(root, 'HEAD')).environments).toEqual([]);
      expect(said(await diffAgainst(root, 'HEAD~1'))[1]).toMatch(/by hand \(Ann, commit [0-9a-f]{7,}\)$/);
      expect((await diffAgainst(root, 'HEAD~1', 'prod')).environments).toEqual([]);
      await expect(diffAgainst(root, 'nowhere')).rejects.toThrow(/Needed a single revision/);
      await expect(diffAgainst(root, 'HEAD', 'test')).rejects.toThrow(
        'no environment "test"; there are prod, staging',
      );
    });
  });

  it('knows a moved file, one whose comment alone differs, and objects that come and go', async () => {
    await withStaging('', async (root) => {
      const folder = join(root, 'dist/k8s/prod');
      writeFileSync(join(folder, '31-old.yaml'), readFileSync(join(folder, '30-service.yaml')));
      git(root, ['rm', '-q', '--cached', 'dist/k8s/prod/30-service.yaml']);
      git(root, ['rm', '-q', '--cached', 'dist/k8s/prod/50-servicemonitor.yaml']);
      appendFileSync(join(folder, '25-pvc-mailpit.yaml'), '# comment\n');
      writeFileSync(join(folder, '99-gone.yaml'), 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: gone\n');
      git(root, [
        'add',
        'dist/k8s/prod/31-old.yaml',
        'dist/k8s/prod/99-gone.yaml',
        'dist/k8s/prod/25-pvc-mailpit.yaml',
      ]);
      git(root, ['-c', 'user.name=Ann', '-c', 'user.email=a@example.com', 'commit', '-q', '-m', 'other']);
      const [prod] = (await diffAgainst(root, 'HEAD')).environments;
      expect(prod?.changes.map(({ key, kind }) => `${kind} ${key}`)).toEqual([
        'moved Service/email-relay/email-relay',
        'added ServiceMonitor/email-relay/email-relay',
        'removed Secret/gone',
      ]);
      expect(prod?.forms).toEqual(['k8s/prod/25-pvc-mailpit.yaml']);
    });
  });
});

describe('two environments', () => {
  it('differ only in what their settings say, not in their names', async () => {
    await withStaging(
      "access: { ...prod.access, smtp: ['elsewhere'] }, imageAutomation: 'off'",
      async (root) => {
        const diff = await diffEnvironments(root, 'prod', 'staging');
        const changed = diff.environments.flatMap(({ changes }) =>
          changes.map(({ key, kind }) => `${kind} ${key}`),
        );
        expect(changed).toContain('changed NetworkPolicy/email-relay/email-relay');
        expect(changed).toContain('removed ImagePolicy/flux-system/mx-validator-staging-policy');
        expect(changed.filter((line) => /Service|Alert|PersistentVolume|Namespace\//.test(line))).toEqual([]);
        expect(said(diff).filter((line) => line.includes('network'))).toEqual([
          'staging caution network: opens namespace elsewhere → email-relay: 10025/TCP (smtp)',
          expect.stringMatching(
            /staging caution network: closes namespace .* → email-relay: 10025\/TCP \(smtp\)/,
          ),
        ]);
        // Nothing happens between two environments: no restart, no refusal.
        expect(said(diff).join('\n')).not.toMatch(/ (restart|refused|data-loss|flux|pruned): /);
      },
    );
  });
});

describe('the formats', () => {
  const field = (name: string, before: unknown, after: unknown) => ({
    field: name,
    path: [],
    keys: [],
    before,
    after,
  });
  const object = { key: 'Secret/x/y', file: 'k8s/prod/a.yaml', manifest: {} };
  const diff: Diff = {
    before: 'HEAD',
    after: 'the sources',
    environments: [
      {
        environment: 'prod',
        changes: [
          {
            key: object.key,
            kind: 'changed',
            before: object,
            after: object,
            fields: [field('a`b', '``', '</details>@all')],
          },
        ],
        forms: [],
        consequences: [
          {
            kind: 'image',
            weight: 'danger',
            object: object.key,
            fields: [],
            says: 'from <b> to [x](y) @all',
            todo: 'a | b',
            reference: 'https://example.com/',
          },
        ],
      },
    ],
  };

  it('Markdown carries the mark of its comment, and nothing of a value can end its code or mention a person', () => {
    const text = formatDiff(diff, 'markdown', false);
    expect(text.startsWith(COMMENT_MARK)).toBe(true);
    expect(text).toContain('`` a`b ``: ``` `` ``` → `</details>@all`');
    expect(text).toContain(String.raw`from &lt;b\> to \[x\](y) &#64;all<br>**Do:** a \| b`);
  });

  it('text is plain without colours, and has them with', () => {
    expect(formatDiff(diff, 'text', false)).toMatch(
      /^from HEAD to the sources: prod: 1 object, 1 danger\n\nprod\n {2}danger image {2}Secret\/y: /,
    );
    expect(formatDiff(diff, 'text', true)).toContain('\u001B[31mdanger image\u001B[39m');
    expect(formatDiff({ ...diff, environments: [] }, 'text', false)).toBe(
      'HEAD and the sources: no difference\n',
    );
  });

  it('JSON has a version, and the same keys always', () => {
    expect(JSON.parse(formatDiff(diff, 'json', false))).toEqual({
      version: 1,
      before: 'HEAD',
      after: 'the sources',
      environments: [
        {
          environment: 'prod',
          objects: [
            {
              object: 'Secret/x/y',
              change: 'changed',
              file: 'dist/k8s/prod/a.yaml',
              fileBefore: 'dist/k8s/prod/a.yaml',
              fields: [{ field: 'a`b', before: '``', after: '</details>@all' }],
            },
          ],
          files: [],
          consequences: [expect.objectContaining({ kind: 'image', weight: 'danger', todo: 'a | b' })],
        },
      ],
    });
  });

  it('show no value of a Secret', () => {
    const fields = [
      field('stringData.a', 'ENC[AES256_GCM,data:x]', 'hunter2'),
      field('metadata.name', 'a', 'b'),
    ];
    const shown = withoutSecretValues('Secret/x/y', fields);
    expect(shown.map(({ before, after }) => [before, after])).toEqual([
      ['(encrypted)', '(not shown)'],
      ['a', 'b'],
    ]);
  });
});
