import { join } from 'node:path';

import { run } from '../../tools/run.ts';
import { answers, until } from '../../up/until.ts';
import type { Host } from '../host.ts';

/** A registry on loopback, which plays all registries that images are named by. */
export class Registry {
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly #crane: string;

  private constructor(address: string, crane: string) {
    this.address = address;
    this.#crane = crane;
  }

  /** The OCI registry of crane's authors, with its blobs in a folder of the cluster's. */
  static async start(host: Host): Promise<Registry> {
    const crane = await host.tool('crane');
    const address = `127.0.0.1:${await host.port('the registry')}`;
    const disk = host.path('registry');
    const running = host.start('registry', crane, [
      'registry',
      'serve',
      '--address',
      address,
      '--disk',
      disk,
    ]);
    await until('the registry', answers(`http://${address}/v2/`), { of: running });
    return new Registry(address, crane);
  }

  /** Where an image is found here: its reference without the host of its own registry. */
  local(reference: string): string {
    return join(this.address, pathOf(reference));
  }

  /** Pushes a folder in the OCI image layout under a public reference. */
  async push(layout: string, reference: string): Promise<void> {
    await this.#run('push', layout, this.local(reference));
  }

  /** Pushes an image again under another reference, with a label, so that it is another image. */
  async relabel(from: string, to: string, label: string): Promise<void> {
    await this.#run('mutate', '--label', label, '--tag', this.local(to), this.local(from));
  }

  /** All tags of a repository. */
  async tags(repository: string): Promise<string[]> {
    return (await this.#run('ls', this.local(repository))).split('\n').filter(Boolean);
  }

  async digest(reference: string): Promise<string> {
    return (await this.#run('digest', this.local(reference))).trim();
  }

  #run(command: string, ...args: string[]): Promise<string> {
    return run(this.#crane, [command, '--insecure', ...args], { cwd: '/' });
  }
}

/** The host of the registry that an image reference names; Docker Hub when it names none. */
export function registryOf(reference: string): string {
  const first = reference.split('/')[0] ?? '';
  return reference.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'docker.io';
}

function pathOf(reference: string): string {
  const host = registryOf(reference);
  return reference.startsWith(`${host}/`) ? reference.slice(host.length + 1) : reference;
}
