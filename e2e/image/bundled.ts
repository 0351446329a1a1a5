/** A program as its image runs it, without the image: the same bundle, and the same flags for Node. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { containerfileOf } from './image.ts';

const root = join(import.meta.dirname, '../..');

/** Writes the bundle into `folder` and returns the command that runs it. Throws if it does not bundle. */
export function bundled(program: string, folder: string): { command: string; args: string[] } {
  mkdirSync(folder, { recursive: true });
  const bundler = join(root, 'scripts/bundle.ts');
  execFileSync(process.execPath, [bundler, program, folder], { stdio: 'inherit' });
  return { command: process.execPath, args: [...nodeFlags(program), join(folder, `${program}.mjs`)] };
}

/** What the image's ENTRYPOINT gives Node before the program. */
function nodeFlags(program: string): string[] {
  const text = readFileSync(join(root, containerfileOf(program)), 'utf8');
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1];
  return z
    .array(z.string())
    .parse(JSON.parse(entrypoint ?? 'null'))
    .slice(1, -1);
}
