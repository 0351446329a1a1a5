import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

import { exampleRecipient } from '../../app/secrets/example-key.ts';
import { run } from '../tools/run.ts';
import { tool } from '../tools/tools.ts';
import type { Report } from './report.ts';

const root = join(import.meta.dirname, '../..');
const keyFile = join(root, 'test/fixtures/example.agekey');

/** The committed example secrets open with the published example key: sops itself says so, MAC included. */
export async function secretCases(report: Report, say: (line: string) => void): Promise<void> {
  const sops = await tool('sops', say);
  const files = globSync('secrets/**/*.enc.yaml', { cwd: root }).filter((file) =>
    // Files of a fork are encrypted for the key of its owner, which is none of our business.
    readFileSync(join(root, file), 'utf8').includes(exampleRecipient),
  );
  for (const file of files.toSorted()) {
    await report.case(`sops decrypts ${file} with the example key`, async () => {
      const text = await run(sops, ['decrypt', file], { cwd: root, env: { SOPS_AGE_KEY_FILE: keyFile } });
      const secret: unknown = parse(text);
      assert(typeof secret === 'object' && secret !== null && 'kind' in secret && !('sops' in secret));
      assert.equal(secret.kind, 'Secret');
    });
  }
}
