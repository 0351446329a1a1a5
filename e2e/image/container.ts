import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { run } from '../tools/run.ts';
import { startProgram } from '../up/process.ts';
import { until } from '../up/until.ts';
import type { Rendered } from './deployment.ts';
import type { Image } from './image.ts';

/** Folders of this machine by the name of the volume that they stand for. */
export type Folders = ReadonlyMap<string, string>;

export interface Container {
  readonly id: string;
  /** Its first process, as this machine counts. */
  readonly pid: number;
  /** Resolves with how it ended: `exit code 0`. */
  readonly ended: Promise<string>;
  /** What it has printed, line by line. */
  readonly output: readonly string[];
}

/** What `runc spec` proposes; of the runtime specification we name what we change. */
const runtimeSpec = z.looseObject({
  mounts: z.array(z.unknown()),
  linux: z.looseObject({ resources: z.looseObject({}) }),
});

/** Containers of an image under the terms of the rendered Deployment, run by runc without a cluster. */
export class Runc {
  readonly #folder: string;
  readonly #ids: string[] = [];

  /** @param folder exists and is empty. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Starts a container in namespaces of its own; its network has nothing but a loopback interface.
   *
   * @param folders what is mounted, by the name of the volume; a mount without a folder is left out
   */
  async start(image: Image, rendered: Rendered, folders: Folders = new Map()): Promise<Container> {
    const id = `email-relay-image-${process.pid}-${this.#ids.length}`;
    this.#ids.push(id);
    const bundle = join(this.#folder, id);
    mkdirSync(bundle);
    await run('runc', ['spec'], { cwd: bundle });
    const specFile = join(bundle, 'config.json');
    const proposed = runtimeSpec.parse(JSON.parse(readFileSync(specFile, 'utf8')));
    writeFileSync(specFile, JSON.stringify(restricted(proposed, image, rendered, folders)));

    const output: string[] = [];
    const pidFile = join(bundle, 'pid');
    const running = startProgram({
      name: 'the container',
      command: 'runc',
      args: ['--root', this.#state, 'run', '--bundle', bundle, '--pid-file', pidFile, id],
      env: process.env,
      onLine: (line) => output.push(line),
    });
    try {
      await until('a process', async () => existsSync(pidFile) || undefined, { of: running });
    } catch (error) {
      throw new Error(output.join('\n'), { cause: error });
    }
    return { id, pid: Number(readFileSync(pidFile, 'utf8')), ended: running.ended, output };
  }

  /** Runs a command in a container, as `kubectl exec` does, and returns what it prints. */
  exec({ id }: Container, ...command: string[]): Promise<string> {
    return run('runc', ['--root', this.#state, 'exec', id, ...command], { cwd: '/' });
  }

  /** Kills and removes all of them. */
  async remove(): Promise<void> {
    for (const id of this.#ids) {
      await run('runc', ['--root', this.#state, 'delete', '--force', id], { cwd: '/' });
    }
  }

  get #state(): string {
    return join(this.#folder, 'state');
  }
}

/** The image's own command as the Pod would run it: not root, no capabilities, nothing to write to but claims. */
function restricted(
  proposed: z.infer<typeof runtimeSpec>,
  { config, rootfs }: Image,
  { args, uid, gid, env, memory, mounts: paths }: Rendered,
  folders: Folders,
): unknown {
  const { linux, mounts } = proposed;
  const limits = memoryIsLimited() ? { memory: { limit: memory } } : {};
  return {
    ...proposed,
    process: {
      user: { uid, gid },
      args: [...config.Entrypoint, ...(args.length > 0 ? args : (config.Cmd ?? []))],
      env: [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      cwd: '/',
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: true },
    mounts: [
      ...mounts,
      ...[...paths].flatMap(([name, destination]) => {
        const source = folders.get(name);
        return source === undefined ? [] : [{ destination, source, type: 'bind', options: ['rbind', 'rw'] }];
      }),
    ],
    linux: { ...linux, resources: { ...linux.resources, ...limits } },
  };
}

/** Whether this machine lets us limit memory: cgroups of version 1 or 2, mounted for writing. */
export function memoryIsLimited(): boolean {
  const [first, second] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/cgroup.controllers'];
  if (existsSync(first)) return isWritable(first);
  return (
    existsSync(second) && /\bmemory\b/.test(readFileSync(second, 'utf8')) && isWritable('/sys/fs/cgroup')
  );
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
