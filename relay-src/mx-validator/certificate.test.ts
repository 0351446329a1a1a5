import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { readCertificate, watchCertificate } from './certificate.ts';

const fixture = (name: string): string => new URL(`../testing/tls/${name}`, import.meta.url).pathname;

it('a changed certificate is taken, a broken one is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  copyFileSync(fixture('cert.pem'), files.certFile);
  await expect(readCertificate(files)).rejects.toThrow('ENOENT');
  copyFileSync(fixture('key.pem'), files.keyFile);
  await expect(readCertificate(files)).resolves.toHaveProperty('cert');

  const events: string[] = [];
  const seen = (what: string): void => void events.push(what);
  const stop = watchCertificate(
    files,
    10,
    () => seen('new'),
    () => seen('broken'),
  );
  const until = async (count: number): Promise<void> => {
    while (events.length < count) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  writeFileSync(files.certFile, 'no certificate');
  await until(1);
  copyFileSync(fixture('cert.pem'), files.certFile);
  await until(2);
  stop();
  expect(events).toEqual(['broken', 'new']);
});
