import { readFileSync, writeFileSync } from 'node:fs';

import { imageLines, withDigests } from './images-file.ts';
import type { ImageLine } from './images-file.ts';
import { ImageError, resolveDigest } from './registry.ts';

export interface PinOptions {
  readonly files: readonly string[];
  /** The images to pin, by their names in the files; none means all. */
  readonly names: readonly string[];
  /** Compare only, and write nothing. */
  readonly check: boolean;
}

/**
 * Puts behind the images of the files the digest that its tag has now. All registries are asked before the
 * first file is written.
 *
 * @returns whether every image was there and, with `check`, had its digest.
 * @throws {RegistryError} when a registry cannot be asked, and an Error when a name is no image's; nothing was
 * written then.
 */
export async function pin(
  { files, names, check }: PinOptions,
  say: (line: string) => void,
): Promise<boolean> {
  let clean = true;
  const found = new Set<string>();
  const texts = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const digests = new Map<ImageLine, string>();
    for (const line of imageLines(text)) {
      found.add(line.name);
      if (names.length > 0 && !names.includes(line.name)) continue;
      const digest = await digestOf(line, say);
      if (digest === undefined || (check && digest !== line.image.digest)) clean = false;
      if (digest === undefined) continue;
      digests.set(line, digest);
      say(`${file}: ${line.name}: ${outcome(line, digest)}`);
    }
    texts.set(file, withDigests(text, digests));
  }
  const unknown = names.filter((name) => !found.has(name));
  if (unknown.length > 0) throw new Error(`no image is called ${unknown.join(', ')}`);
  if (check || !clean) return clean;
  for (const [file, text] of texts) writeFileSync(file, text);
  return true;
}

async function digestOf({ image }: ImageLine, say: (line: string) => void): Promise<string | undefined> {
  try {
    return await resolveDigest(image);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    say(error.message);
    return undefined;
  }
}

function outcome({ image }: ImageLine, digest: string): string {
  if (image.digest === digest) return `${image.tagged} has its digest`;
  const before = image.digest === undefined ? 'had none' : `was ${image.digest}: the tag was moved`;
  return `${image.tagged} is ${digest} (${before})`;
}
