import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { run } from '../tools/run.ts';
import { startProgram } from '../up/process.ts';
import { until } from '../up/until.ts';
import type { Rendered } from './deployment.ts';
import type { Image } from './image.ts';

export interface Container {
  /** Its first process, as this machine counts. */
  readonly pid: number;
  /** Resolves with how it ended: `exit code 0`. */
  readonly ended: Promise<string>;
  /** What it has printed, line by line. */
  readonly output: readonly string[];
}

/** What `runc spec` proposes; of the runtime specification we name what we change. */
const runtimeSpec = z.looseObject({ linux: z.looseObject({ resources: z.looseObject({}) }) });

/** Containers of an image under the terms of the rendered Deployment, run by runc without a cluster. */
export class Runc {
  readonly #folder: string;
  readonly #ids: string[] = [];

  /** @param folder exists and is empty. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Starts a container in namespaces of its own; its network has nothing but a loopback interface. */
  async start(image: Image, rendered: Rendered, env: Record<string, string> = {}): Promise<Container> {
    const id = `email-relay-image-${process.pid}-${this.#ids.length}`;
    this.#ids.push(id);
    const bundle = join(this.#folder, id);
    mkdirSync(bundle);
    await run('runc', ['spec'], { cwd: bundle });
    const specFile = join(bundle, 'config.json');
    const proposed = runtimeSpec.parse(JSON.parse(readFileSync(specFile, 'utf8')));
    writeFileSync(specFile, JSON.stringify(restricted(proposed, image, rendered, env)));

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
    return { pid: Number(readFileSync(pidFile, 'utf8')), ended: running.ended, output };
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

/** The image's own command as the Pod would run it: not root, no capabilities, nothing to write to. */
function restricted(
  proposed: z.infer<typeof runtimeSpec>,
  { config, rootfs }: Image,
  { uid, gid, env, memory }: Rendered,
  more: Record<string, string>,
): unknown {
  const { linux } = proposed;
  const limits = memoryIsLimited() ? { memory: { limit: memory } } : {};
  return {
    ...proposed,
    process: {
      user: { uid, gid },
      args: [...config.Entrypoint, ...(config.Cmd ?? [])],
      env: [...config.Env, ...Object.entries({ ...env, ...more }).map(([name, value]) => `${name}=${value}`)],
      cwd: '/',
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: true },
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
