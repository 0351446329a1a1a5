import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';

import { run } from '../../tools/run.ts';
import { referenceTo } from '../api.ts';
import type { KubeApi, KubeObject } from '../api.ts';
import type { Host } from '../host.ts';
import type { GitServer } from './git-server.ts';

const apiVersion = 'source.toolkit.fluxcd.io/v1';

const gitRepository = z.object({
  spec: z.object({
    url: z.url(),
    ref: z.object({ branch: z.string() }),
    ignore: z.string().default(''),
    secretRef: z.object({ name: z.string() }).optional(),
  }),
});

const credentials = z.object({ data: z.object({ username: z.base64(), password: z.base64() }) });

/** The repository as the manifests name it, and where it is here. */
export interface Repository {
  /** What `spec.url` says. */
  readonly published: string;
  readonly git: GitServer;
}

/** A commit, packed as Flux's artifact. */
interface Artifact {
  readonly path: string;
  readonly revision: string;
  readonly digest: string;
  readonly size: number;
}

const pollMilliseconds = 200;

/**
 * Stands in for Flux's source-controller, which cannot be built from its published modules. For every
 * GitRepository it clones `spec.url` at `spec.ref.branch` with the credentials of `spec.secretRef`, leaves out what
 * `spec.ignore` says, packs the rest, serves it on loopback and tells so in the status, as source-controller does.
 * The one thing that it knows better: where the published URL is found here.
 */
export class SourceStandIn {
  readonly #api: KubeApi;
  readonly #git: GitServer;
  readonly #published: string;
  readonly #folder: string;
  readonly #url: string;
  /** Outcome that was last reported, by object and what it was made from. */
  readonly #reported = new Map<string, string>();

  private constructor(api: KubeApi, { git, published }: Repository, folder: string, url: string) {
    this.#api = api;
    this.#git = git;
    this.#published = published;
    this.#folder = folder;
    this.#url = url;
  }

  static async start(host: Host, api: KubeApi, repository: Repository): Promise<SourceStandIn> {
    const folder = host.path('artifacts');
    const server = createServer((request, response) => {
      try {
        response.end(readFileSync(join(folder, new URL(request.url ?? '/', 'http://localhost').pathname)));
      } catch {
        response.writeHead(404).end();
      }
    });
    const port = await host.port('artifacts');
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const standIn = new SourceStandIn(api, repository, folder, `http://127.0.0.1:${port}`);
    host.undo.add('stop serving artifacts', async () => {
      server.closeAllConnections();
      server.close();
    });
    host.repeat('the stand-in for source-controller', pollMilliseconds, () => standIn.#round());
    return standIn;
  }

  async #round(): Promise<void> {
    for (const source of await this.#api.list(apiVersion, 'GitRepository')) await this.#reconcile(source);
  }

  async #reconcile(source: KubeObject): Promise<void> {
    const key = `${source.metadata.namespace}/${source.metadata.name}`;
    const head = await this.#head();
    const seen = `${head} ${source.metadata.generation}`;
    if (this.#reported.get(key) === seen) return;
    const outcome = await this.#pack(source).catch((error: unknown) => error);
    await this.#api.patch(referenceTo(source), { status: this.#status(source, outcome) }, 'status');
    if (!(outcome instanceof Error)) this.#reported.set(key, seen);
  }

  /** The newest commit, asked for locally: a clone for every poll would be dear. */
  async #head(): Promise<string> {
    const config = this.#config(this.#git.username, this.#git.password);
    return run('git', [...config, 'ls-remote', '--heads', this.#git.url], { cwd: this.#folder });
  }

  async #pack(source: KubeObject): Promise<Artifact> {
    const { spec } = gitRepository.parse(source);
    const { username, password } = await this.#credentials(source, spec.secretRef?.name);
    const clone = join(this.#folder, 'clone');
    rmSync(clone, { recursive: true, force: true });
    const here = [
      ...this.#config(username, password),
      '-c',
      `url.${this.#git.url}.insteadOf=${this.#published}`,
    ];
    const what = ['--depth', '1', '--branch', spec.ref.branch, spec.url, clone];
    await run('git', [...here, 'clone', '--quiet', ...what], { cwd: this.#folder });
    const commit = (await run('git', ['rev-parse', 'HEAD'], { cwd: clone })).trim();
    await removeIgnored(clone, spec.ignore);
    return this.#archive(clone, `${spec.ref.branch}@sha1:${commit}`);
  }

  async #archive(clone: string, revision: string): Promise<Artifact> {
    const path = `${createHash('sha256').update(revision).digest('hex').slice(0, 16)}.tar.gz`;
    const file = join(this.#folder, path);
    mkdirSync(this.#folder, { recursive: true });
    const reproducible = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
    await run('tar', [...reproducible, '--exclude=./.git', '-czf', file, '-C', clone, '.'], { cwd: clone });
    const digest = `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    return { path, revision, digest, size: statSync(file).size };
  }

  async #credentials(
    source: KubeObject,
    name: string | undefined,
  ): Promise<{ username: string; password: string }> {
    if (name === undefined) return { username: '', password: '' };
    const { namespace } = source.metadata;
    const secret = await this.#api.get({ apiVersion: 'v1', kind: 'Secret', name, namespace });
    if (secret === undefined) throw new Error(`secrets "${name}" not found`);
    const { data } = credentials.parse(secret);
    const decode = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
    return { username: decode(data.username), password: decode(data.password) };
  }

  #config(username: string, password: string): string[] {
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    return ['-c', `http.extraHeader=Authorization: Basic ${basic}`];
  }

  #status(source: KubeObject, outcome: unknown): unknown {
    const { generation } = source.metadata;
    const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const condition = { type: 'Ready', lastTransitionTime: now, observedGeneration: generation };
    if (outcome instanceof Error) {
      return {
        conditions: [
          { ...condition, status: 'False', reason: 'GitOperationFailed', message: outcome.message },
        ],
      };
    }
    const artifact = z.object({ path: z.string(), revision: z.string() }).loose().parse(outcome);
    return {
      observedGeneration: generation,
      artifact: { ...artifact, url: `${this.#url}/${artifact.path}`, lastUpdateTime: now },
      conditions: [
        {
          ...condition,
          status: 'True',
          reason: 'Succeeded',
          message: `stored artifact: revision '${artifact.revision}'`,
        },
      ],
    };
  }
}

/** Removes what `spec.ignore` excludes: git itself reads the patterns, which are those of .gitignore. */
async function removeIgnored(clone: string, patterns: string): Promise<void> {
  const file = join(clone, '.git/ignored-by-flux');
  writeFileSync(file, patterns);
  const listed = await run('git', ['ls-files', '-z', '--cached', '--ignored', `--exclude-from=${file}`], {
    cwd: clone,
  });
  for (const path of listed.split('\0').filter(Boolean)) rmSync(join(clone, path));
}
