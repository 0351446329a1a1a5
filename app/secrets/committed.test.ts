import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { exampleAnnotation } from './catalog.ts';
import { exampleRecipient } from './example-key.ts';
import { readSopsFile } from './sops-file.ts';
import { recipientsFor } from './state.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8');
}

it('the example key says what it is', () => {
  const key = read('test/fixtures/example.agekey');
  expect(key).toMatch(/^# EXAMPLE KEY/);
  expect(key).toContain(`# public key: ${exampleRecipient}\n`);
});

/** True of the example, and of every fork that has put its own key and values in. */
describe.each(globSync('secrets/*/*.yaml', { cwd: root }))('%s', (path) => {
  const text = read(path);
  const { annotations, entries, sops } = readSopsFile(text);

  it('holds nothing in clear', () => {
    expect(entries.filter((entry) => !entry.encrypted)).toEqual([]);
    expect(sops?.encryptedRegex).toBe('^(data|stringData)$');
  });

  it('is encrypted for those whom .sops.yaml names', () => {
    expect(sops?.ageRecipients).toEqual(recipientsFor(root, path));
  });

  it('is marked as an example exactly while everybody can decrypt it', () => {
    const isPublic = sops?.ageRecipients.includes(exampleRecipient) ?? false;
    expect(annotations[exampleAnnotation] === 'true').toBe(isPublic);
  });

  it('holds no marker, so that Flux never rewrites it', () => {
    expect(text).not.toContain('$imagepolicy');
  });
});
