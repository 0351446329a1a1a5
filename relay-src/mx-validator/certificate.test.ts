import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  const first = await readCertificate(files);

  const events: string[] = [];
  const seen = (what: string): void => void events.push(what);
  const stop = watchCertificate(
    files,
    first,
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
  rmSync(files.keyFile); // told once, however long it stays away
  await until(3);
  await new Promise((resolve) => setTimeout(resolve, 50));
  copyFileSync(fixture('server.pem'), files.certFile);
  copyFileSync(fixture('server-key.pem'), files.keyFile);
  while (events.at(-1) !== 'new') await new Promise((resolve) => setTimeout(resolve, 10));
  stop();
  expect(events.slice(0, 3)).toEqual(['broken', 'new', 'broken']);
  expect(events.slice(3).filter((event) => event === 'new')).toHaveLength(1);
});
