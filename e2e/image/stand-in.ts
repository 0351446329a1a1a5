import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { onPath } from '../tools/path.ts';
import { run, ToolError } from '../tools/run.ts';
import type { Buildah } from './buildah.ts';

/** What the Containerfile's commands call, and npm with them. */
const programs = [
  'bash',
  'chmod',
  'cp',
  'dpkg-query',
  'env',
  'find',
  'grep',
  'ldd',
  'ln',
  'mkdir',
  'sh',
  'touch',
];

/** Debian's packages whose files node is linked to. */
const packages = ['libc6', 'libgcc-s1', 'libstdc++6'];

/** Found through a link or opened by name, so that ldd does not tell. */
const files = ['/etc/os-release', ...packages.map((name) => `/usr/share/doc/${name}/copyright`)];

/**
 * Makes an image that does for the Containerfile what `node:…-slim` would: this machine's own shell, tools, C
 * library, node and npm, in the places where the public image has them. npm reaches the registry as the
 * machine does, by its certificates and its registry setting.
 *
 * @returns the image's name in buildah's storage.
 * @throws {ToolError} when this machine is no Debian or lacks a part.
 */
export async function buildStandIn(buildah: Buildah): Promise<string> {
  const name = 'localhost/node-stand-in';
  const container = await buildah.run('from', 'scratch');
  const root = await buildah.run('mount', container);
  makeFolders(root);
  await installPrograms(root);
  for (const file of files) copy(file, join(root, file));
  await installDpkgStatus(root);
  await installNpm(root);
  await buildah.run('umount', container);
  await buildah.run('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container);
  await buildah.run('commit', '--rm', '--quiet', container, name);
  return name;
}

function makeFolders(root: string): void {
  for (const folder of ['dev', 'etc', 'proc', 'root', 'sys', 'tmp', 'usr/bin', 'usr/lib', 'usr/lib64']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const link of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${link}`, join(root, link));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
}

async function installPrograms(root: string): Promise<void> {
  const wanted = new Map([[process.execPath, '/usr/local/bin/node']]);
  for (const program of programs) {
    const path = await onPath(program);
    if (path === undefined) throw new ToolError(`${program} is not on the PATH`);
    wanted.set(path, `/usr/bin/${program}`);
  }
  const libraries = new Set<string>();
  for (const [from, to] of wanted) {
    copy(from, join(root, to));
    // ldd fails for a shell script, which needs none.
    const list = await run('ldd', [from], { cwd: '/' }).catch(() => '');
    for (const [path] of list.matchAll(/\/\S+/g)) libraries.add(path);
  }
  for (const library of libraries) copy(library, join(root, library));
  copy(join(dirname(process.execPath), '../LICENSE'), join(root, 'usr/local/LICENSE'));
}

async function installDpkgStatus(root: string): Promise<void> {
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true });
  const status = await run('dpkg-query', ['--status', ...packages], { cwd: '/' });
  writeFileSync(join(root, 'var/lib/dpkg/status'), status);
}

async function installNpm(root: string): Promise<void> {
  const npm = await onPath('npm');
  if (npm === undefined) throw new ToolError('npm is not on the PATH');
  const cli = 'bin/npm-cli.js';
  const folder = realpathSync(npm).slice(0, -cli.length);
  cpSync(folder, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, verbatimSymlinks: true });
  symlinkSync(`../lib/node_modules/npm/${cli}`, join(root, 'usr/local/bin/npm'));

  const certificates = 'etc/ssl/certs/ca-certificates.crt';
  if (existsSync(`/${certificates}`)) copy(`/${certificates}`, join(root, certificates));
  const registry = (await run('npm', ['config', 'get', 'registry'], { cwd: '/' })).trim();
  mkdirSync(join(root, 'usr/local/etc'));
  writeFileSync(join(root, 'usr/local/etc/npmrc'), `cafile=/${certificates}\nregistry=${registry}\n`);
}

/** Copies one file, what a link points to rather than the link. */
function copy(from: string, to: string): void {
  if (!existsSync(from)) throw new ToolError(`${from} is not on this machine`);
  cpSync(realpathSync(from), to);
}
