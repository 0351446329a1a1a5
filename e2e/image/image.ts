import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import type { Buildah } from './buildah.ts';

/** Where a program's Containerfile stands in the repository. */
export const containerfileOf = (program: string): string => `relay-src/${program}/Containerfile`;

/** What `buildah inspect` tells of an image, in the parts that we promise something about. */
const inspected = z.object({
  FromImageDigest: z.string(),
  OCIv1: z.object({
    config: z.object({
      User: z.string().default(''),
      Env: z.array(z.string()),
      Entrypoint: z.array(z.string()),
      Cmd: z.array(z.string()).optional(),
      ExposedPorts: z.record(z.string(), z.unknown()),
      Labels: z.record(z.string(), z.string()),
    }),
  }),
});

export interface Image {
  /** Of the manifest: what a registry would know it by. */
  readonly digest: string;
  /** The image configuration of the OCI image specification. */
  readonly config: z.infer<typeof inspected>['OCIv1']['config'];
  /** Where its files are mounted. */
  readonly rootfs: string;
}

/** The public image that a Containerfile starts from. */
export function publicBase(root: string, program: string): string {
  const containerfile = containerfileOf(program);
  const from = /^FROM (\S+) AS node$/m.exec(readFileSync(join(root, containerfile), 'utf8'))?.[1];
  if (from === undefined) throw new Error(`${containerfile} has no line FROM … AS node`);
  return from;
}

/** What a program's image is built from. */
export interface Build {
  /** Folder of the repository. */
  readonly root: string;
  /** Takes the place of the public base. */
  readonly standIn: string;
  readonly program: string;
}

/** Builds a program by its Containerfile, and looks into the image. */
export async function buildImage(buildah: Buildah, build: Build): Promise<Image> {
  const id = await buildProgram(buildah, build);
  const { FromImageDigest: digest, OCIv1: image } = inspected.parse(
    JSON.parse(await buildah.run('inspect', '--type', 'image', id)),
  );
  return { digest, config: image.config, rootfs: await buildah.mount(id) };
}

/** The build alone, reproducible; returns the id of the image in buildah's storage. */
export async function buildProgram(buildah: Buildah, { root, standIn, program }: Build): Promise<string> {
  const from = publicBase(root, program);
  const base = ['--pull-never', '--build-context', `${from}=container-image://${standIn}`];
  const machine = ['--isolation', 'chroot', '--network', 'host'];
  const reproducible = ['--layers', '--no-cache', '--timestamp', '0', '--identity-label=false'];
  const containerfile = join(root, containerfileOf(program));
  return buildah.build(...base, ...machine, ...reproducible, '-f', containerfile, root);
}

/** The files that a builder is given of the repository at `root`, found by an image of them all. */
export async function contextFiles(buildah: Buildah, root: string): Promise<string[]> {
  const everything = join(buildah.folder, 'Containerfile.everything');
  writeFileSync(everything, 'FROM scratch\nCOPY . /\n');
  return filesBelow(await buildah.mount(await buildah.build('-f', everything, root)));
}

/** Every file and link below a folder, as a path in it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}
