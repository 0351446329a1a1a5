import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Buildah } from '../../image/buildah.ts';
import { buildProgram } from '../../image/image.ts';
import { buildStandIn } from '../../image/stand-in.ts';
import { cacheFolder, modules } from '../../tools/cache.ts';
import { run } from '../../tools/run.ts';
import type { Tool } from '../../tools/tools.ts';
import type { Host } from '../host.ts';

/** Where an image is kept in the OCI image layout, by what it was made from. */
type Layout = string;

/** Files that a build of ours reads. */
const sources = ['package.json', 'package-lock.json', '.npmrc', 'scripts/bundle.ts', 'relay-src'];

/**
 * Images of our own programs, built by their published Containerfiles, unchanged, on a base that is made of this
 * machine's files. Built once for the same sources.
 */
export async function ownImages(
  host: Host,
  root: string,
  programs: readonly string[],
): Promise<Map<string, Layout>> {
  const hash = await sourceHash(root);
  const layouts = new Map(programs.map((program) => [program, layoutPath(`${program}-${hash}`)]));
  const missing = programs.filter((program) => !existsSync(layouts.get(program) ?? ''));
  if (missing.length === 0) return layouts;
  await withBuildah(host, async (buildah) => {
    host.say(`building ${missing.join(' and ')} by Containerfile …`);
    const standIn = await buildStandIn(buildah);
    for (const program of missing) {
      await keep(
        buildah,
        await buildProgram(buildah, { root, standIn, program }),
        layouts.get(program) ?? '',
      );
    }
  });
  return layouts;
}

/** An image that holds nothing but one of our tools, and starts it: what upstream's own image comes to. */
export async function toolImage(host: Host, name: Tool, rest = ''): Promise<Layout> {
  const program = await host.tool(name);
  const text = `FROM scratch\nCOPY ${name} /${name}\n${rest}ENTRYPOINT ["/${name}"]\n`;
  const hash = createHash('sha256').update(readFileSync(program)).update(text).digest('hex').slice(0, 16);
  const layout = layoutPath(`${name}-${hash}`);
  if (existsSync(layout)) return layout;
  await withBuildah(host, async (buildah) => {
    const context = mkdtempSync(join(buildah.folder, 'context-'));
    await copyFile(program, join(context, name));
    writeFileSync(join(context, 'Containerfile'), text);
    const id = await buildah.build('--isolation', 'chroot', '-f', join(context, 'Containerfile'), context);
    await keep(buildah, id, layout);
  });
  return layout;
}

async function withBuildah(host: Host, body: (buildah: Buildah) => Promise<void>): Promise<void> {
  const buildah = new Buildah(mkdtempSync(join(tmpdir(), 'email-relay-e2e-images-')));
  let removed: Promise<void> | undefined;
  const remove = (): Promise<void> => (removed ??= buildah.remove());
  host.undo.add("remove buildah's storage", remove);
  await body(buildah);
  await remove();
}

/** Writes an image to the cache; a build that was interrupted leaves nothing that looks like one. */
async function keep(buildah: Buildah, image: string, layout: Layout): Promise<void> {
  mkdirSync(dirname(layout), { recursive: true });
  const unfinished = `${layout}.${process.pid}`;
  await buildah.run('push', '--quiet', image, `oci:${unfinished}`);
  renameSync(unfinished, layout);
}

function layoutPath(name: string): string {
  return join(dirname(cacheFolder(modules.cluster)), 'images', name);
}

/** A hash of all that a build of ours depends on: what git tracks of its sources, and the Node that goes in. */
async function sourceHash(root: string): Promise<string> {
  const hash = createHash('sha256').update(process.version);
  const listed = await run(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', ...sources],
    {
      cwd: root,
    },
  );
  for (const file of listed.split('\0').filter((name) => name !== '' && !name.endsWith('.test.ts'))) {
    if (!existsSync(join(root, file))) continue;
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
