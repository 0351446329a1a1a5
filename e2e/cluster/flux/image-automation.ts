import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { run } from '../../tools/run.ts';
import { at, referenceTo } from '../api.ts';
import type { KubeApi, KubeObject } from '../api.ts';
import type { Host } from '../host.ts';
import type { Registry } from '../node/registry.ts';
import type { Checkout } from './repository.ts';

const apiVersion = 'image.toolkit.fluxcd.io/v1';

const repository = z.object({ spec: z.object({ image: z.string() }) });
const policy = z.object({
  spec: z.object({
    imageRepositoryRef: z.object({ name: z.string() }),
    digestReflectionPolicy: z.enum(['Never', 'IfNotPresent', 'Always']).default('Never'),
  }),
});
const updateAutomation = z.object({
  spec: z.object({
    update: z.object({ path: z.string(), strategy: z.literal('Setters') }),
    git: z.object({ commit: z.object({ author: z.object({ name: z.string(), email: z.string() }) }) }),
  }),
});

/** The image that a policy has chosen. */
export interface Choice {
  /** `namespace:policy`, as a marker names it. */
  readonly policy: string;
  readonly image: string;
}

const pollMilliseconds = 500;

/**
 * Stands in for Flux's image-reflector-controller and image-automation-controller, of which only the types are
 * published: the rendered ImagePolicies choose among the tags of the real registry, by the same libraries, and the
 * setter is the one of the same library that rewrites the files. It commits when it is told to.
 */
export class ImageAutomation {
  readonly #host: Host;
  readonly #api: KubeApi;
  readonly #registry: Registry;

  private constructor(host: Host, api: KubeApi, registry: Registry) {
    this.#host = host;
    this.#api = api;
    this.#registry = registry;
  }

  /** Starts to say Ready about the objects of both controllers, as these do, for whoever waits for that. */
  static start(host: Host, api: KubeApi, registry: Registry): ImageAutomation {
    const automation = new ImageAutomation(host, api, registry);
    host.repeat('the stand-in for the image controllers', pollMilliseconds, () => automation.#report());
    return automation;
  }

  /** What each policy of a namespace chooses now. @throws when one finds no tag */
  async choose(namespace: string): Promise<Choice[]> {
    const policies = await this.#api.list(apiVersion, 'ImagePolicy', namespace);
    return Promise.all(policies.map((each) => this.#choice(each, namespace)));
  }

  /**
   * Bumps every marked line below the automation's path and commits, as its author. Only policies of the
   * automation's own namespace count.
   *
   * @throws when a policy marks no line, with the policy's name.
   */
  async bump(checkout: Checkout, namespace: string, name: string): Promise<readonly Choice[]> {
    const found = await this.#api.get({ apiVersion, kind: 'ImageUpdateAutomation', name, namespace });
    if (found === undefined) throw new Error(`there is no ImageUpdateAutomation ${namespace}/${name}`);
    const { update, git } = updateAutomation.parse(found).spec;
    const choices = await this.choose(namespace);
    await setMarkedLines(this.#host, join(checkout.folder, update.path), choices);
    await checkout.commit(`Bump ${choices.map(({ image }) => image).join(' ')}`, git.commit.author);
    return choices;
  }

  async #report(): Promise<void> {
    for (const kind of ['ImageRepository', 'ImagePolicy', 'ImageUpdateAutomation']) {
      for (const object of await this.#api.list(apiVersion, kind)) {
        const { generation, namespace = '' } = object.metadata;
        if (at(object, 'status', 'observedGeneration') === generation) continue;
        const chosen = kind === 'ImagePolicy' ? await this.#choice(object, namespace) : undefined;
        const condition = {
          type: 'Ready',
          status: 'True',
          reason: 'Succeeded',
          message: chosen === undefined ? 'seen by the stand-in' : `chosen: ${chosen.image}`,
          lastTransitionTime: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        };
        const status = { observedGeneration: generation, conditions: [condition] };
        await this.#api.patch(referenceTo(object), { status }, 'status');
      }
    }
  }

  async #choice(object: KubeObject, namespace: string): Promise<Choice> {
    const { imageRepositoryRef, digestReflectionPolicy } = policy.parse(object).spec;
    const reference = { apiVersion, kind: 'ImageRepository', name: imageRepositoryRef.name, namespace };
    const { image } = repository.parse(await this.#api.get(reference)).spec;
    const tag = await selectTag(this.#host, object['spec'], await this.#registry.tags(image));
    const tagged = `${image}:${tag}`;
    const digest = digestReflectionPolicy === 'Never' ? '' : `@${await this.#registry.digest(tagged)}`;
    return { policy: `${namespace}:${object.metadata.name}`, image: `${tagged}${digest}` };
  }
}

/** The tag that the spec of an ImagePolicy prefers. @throws when it prefers none */
export async function selectTag(host: Host, spec: unknown, tags: readonly string[]): Promise<string> {
  // One each: the policies of both images are asked at the same time.
  const folder = mkdtempSync(join(host.path('image-policies'), 'choice-'));
  const file = join(folder, 'spec.json');
  const list = join(folder, 'tags');
  writeFileSync(file, JSON.stringify(spec));
  writeFileSync(list, tags.map((tag) => `${tag}\n`).join(''));
  const program = await host.tool('imagepolicy');
  return (await run(program, [file, list], { cwd: folder })).trim();
}

/** Rewrites the files with marked lines, as Flux's setter does. @throws when a policy marks no line */
export async function setMarkedLines(host: Host, folder: string, choices: readonly Choice[]): Promise<void> {
  const assignments = choices.map(({ policy: name, image }) => `${name}=${image}`);
  await run(await host.tool('roundtrip'), ['set', folder, ...assignments], { cwd: folder });
}
