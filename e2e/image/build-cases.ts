import assert from 'node:assert/strict';
import { constants, cpSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import type { Report } from '../smoke/report.ts';
import type { Buildah } from './buildah.ts';
import type { Rendered } from './deployment.ts';
import { buildImage, contextFiles, filesBelow } from './image.ts';
import type { Image } from './image.ts';
import type { Program } from './program.ts';

/** What a builder may be given: sources and manifests, never a secret, a test, or what was built before. */
const mayEnter =
  /^(package(-lock)?\.json|\.npmrc|scripts\/bundle\.ts|relay-src\/.+(?<!\.test)\.ts|relay-src\/[^/]+\/(package\.json|Containerfile))$/;

/** Never copied for the second build: large, or the builder's own business. */
const leftOut = new Set(['.git', '.cache', 'build', 'node_modules']);

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** What all images are built from. */
export async function contextCases(
  report: Report,
  buildah: Buildah,
  { root, programs }: { root: string; programs: readonly Program[] },
): Promise<void> {
  await report.case('a builder is given sources and manifests only', async () => {
    const files = await contextFiles(buildah, root);
    for (const { name } of programs) {
      assert(files.includes(`relay-src/${name}/main.ts`), `${name} is missing in:\n${files.join('\n')}`);
    }
    assert.deepEqual(
      files.filter((file) => !mayEnter.test(file)),
      [],
    );
  });
}

/** Builds a program's image twice and looks into it. Undefined when there is none to run. */
export async function buildCases(
  report: Report,
  buildah: Buildah,
  program: Program,
  { root, standIn, rendered }: { root: string; standIn: string; rendered: Rendered },
): Promise<Image | undefined> {
  const { name } = program;
  let image: Image | undefined;
  await report.case('the published Containerfile builds, unchanged', async () => {
    image = await buildImage(buildah, { root, standIn, program: name });
  });
  if (image === undefined) return undefined;
  const { digest, config, rootfs } = image;

  await report.case(`a copy elsewhere, built without a cache, has the same digest ${digest}`, async () => {
    const copy = join(buildah.folder, `copy-${name}`);
    mkdirSync(copy);
    cpSync(root, copy, {
      recursive: true,
      filter: (path) => !leftOut.has(relative(root, path).split('/').at(-1) ?? ''),
    });
    assert.equal((await buildImage(buildah, { root: copy, standIn, program: name })).digest, digest);
  });

  await report.case(
    'it runs as the user of the Deployment, without a shell, on the promised ports',
    async () => {
      assert.equal(config.User, `${rendered.uid}:${rendered.gid}`);
      assert.equal(config.Entrypoint[0], '/usr/local/bin/node');
      assert.equal(config.Entrypoint.at(-1), `/app/${name}.mjs`);
      assert.deepEqual(
        Object.keys(config.ExposedPorts).toSorted(),
        program.exposedPorts.map((port) => `${port}/tcp`).toSorted(),
      );
      assert.equal(config.Labels['org.opencontainers.image.title'], name);
    },
  );

  const files = filesBelow(rootfs);
  const size = files.reduce((sum, file) => sum + lstatSync(join(rootfs, file)).size, 0);
  const commands = [...program.commands, 'usr/local/bin/node'];
  await report.case(
    `${commands.join(' and ')} can be run, nothing else (${files.length} files, ${megabytes(size)})`,
    async () => {
      const executables = files.filter((file) => isExecutable(join(rootfs, file)) && !isLibrary(file));
      assert.deepEqual(executables, commands);
    },
  );

  await report.case('all files are owned by root and writable by nobody else', async () => {
    const writable = files.filter((file) => {
      const { uid, gid, mode } = lstatSync(join(rootfs, file));
      return uid !== 0 || gid !== 0 || (!isLink(mode) && (mode & 0o022) !== 0);
    });
    assert.deepEqual(writable, []);
  });

  await report.case('the licences of node, its libraries and the bundled packages are in it', async () => {
    const notices = readFileSync(join(rootfs, 'app/THIRD-PARTY-NOTICES.txt'), 'utf8');
    assert.match(notices, /^pino \S+ \(MIT\)$/m);
    assert(files.includes('usr/local/LICENSE'));
    assert.equal(files.filter((file) => file.endsWith('/copyright')).length, 3);
  });

  return image;
}

function isExecutable(file: string): boolean {
  const { mode } = lstatSync(file);
  return !isLink(mode) && (mode & 0o111) !== 0;
}

/** A link's own mode means nothing. */
function isLink(mode: number): boolean {
  return (mode & constants.S_IFMT) === constants.S_IFLNK;
}

/** The dynamic loader is executable too. */
function isLibrary(file: string): boolean {
  return /\.so\.\d+$/.test(file);
}
