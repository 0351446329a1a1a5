import { describe, expect, it } from '@jest/globals';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPath } from '../checks/field.ts';
import { withRepositoryCopy } from '../test/repository.ts';
import { findDrift } from './drift.ts';
import { loadEnvironments } from './load-environments.ts';
import { render } from './synth.ts';

/** What is found after a change of `dist/`, one line each. */
async function driftAfter(change: (dist: string) => void): Promise<string[]> {
  return withRepositoryCopy(async (root) => {
    change(join(root, 'dist'));
    const { files } = await render(root);
    const findings = await findDrift(root, files, (await loadEnvironments(root)).environments);
    return findings.map(({ file, object, path, message, remedy }) =>
      [`${file}: ${object}`, formatPath(path), message, remedy].filter(Boolean).join(' | '),
    );
  });
}

function edit(dist: string, file: string, from: string, to: string): void {
  const path = join(dist, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe('drift', () => {
  it('names each hand edit with the place to say it instead, and files that are missing, left over, foreign, or changed in form', async () => {
    const found = await driftAfter((dist) => {
      edit(dist, 'k8s/prod/20-deployment.yaml', 'value: 30d', 'value: 90d');
      edit(dist, 'k8s/prod/20-deployment.yaml', 'axllent/mailpit:v1', 'axllent/mailpit:v2');
      edit(
        dist,
        'k8s/prod/20-deployment.yaml',
        'terminationGracePeriodSeconds: 60',
        'terminationGracePeriodSeconds: 5',
      );
      edit(
        dist,
        'k8s/prod/20-deployment.yaml',
        'enableServiceLinks: false',
        'enableServiceLinks: false\n      hostNetwork: true',
      );
      rmSync(join(dist, 'k8s/prod/30-service.yaml'));
      writeFileSync(join(dist, 'k8s/prod/99-mine.yaml'), 'kind: X\n');
      writeFileSync(join(dist, 'k8s/prod/90-old.yaml'), 'kind: X\n');
      edit(
        dist,
        '.manifest.json',
        '"files": [',
        '"files": [{ "path": "k8s/prod/90-old.yaml", "source": "x" },',
      );
      appendFileSync(join(dist, 'k8s/prod/25-pvc-mailpit.yaml'), '# mine\n');
    });
    const deployment = 'k8s/prod/20-deployment.yaml: Deployment/email-relay';
    const spec = 'spec.template.spec';
    expect(found.filter((line) => line.startsWith(deployment))).toEqual([
      expect.stringMatching(
        `^${deployment} \\| ${spec}.containers\\[1\\].image \\| is "axllent/mailpit:v2.* change the image mailpit \\(app/images/prod.yaml:\\d+\\)`,
      ),
      expect.stringMatching(
        `containers\\[1\\].env\\[\\d+\\].value \\| is "90d", and the sources render "30d" \\| To keep it, change the setting mailpit.maxAge \\(default in app/settings.ts:\\d+\\) and run .npm run synth.; to take it back`,
      ),
      expect.stringMatching(
        /hostNetwork \| is true, and the sources render no such field \| .*change constructs\/relay-deployment\.ts/,
      ),
      expect.stringMatching(
        /terminationGracePeriodSeconds \| is 5, and the sources render 60 \| .*change constructs\/relay-deployment\.ts:\d+/,
      ),
    ]);
    const others = found.filter((line) => !line.startsWith(deployment));
    expect(others.map((line) => line.split(' | ').slice(0, 2).join(' '))).toEqual([
      expect.stringMatching(
        /25-pvc-mailpit.yaml: file differs from what is rendered in comments, .* first in line \d+/,
      ),
      'k8s/prod/30-service.yaml: file is rendered, and not there',
      'k8s/prod/90-old.yaml: file is rendered no longer',
      'k8s/prod/99-mine.yaml: file was not written by synth',
    ]);
  });
});
