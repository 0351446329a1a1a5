import assert from 'node:assert/strict';

import type { Report } from '../../smoke/report.ts';
import { run } from '../../tools/run.ts';
import { selectTag, setMarkedLines } from '../flux/image-automation.ts';
import type { ImageAutomation } from '../flux/image-automation.ts';
import type { Checkout } from '../flux/repository.ts';
import type { Host } from '../host.ts';
import type { Registry } from '../node/registry.ts';

export interface ImagesWorld {
  readonly host: Host;
  readonly automation: ImageAutomation;
  readonly registry: Registry;
  readonly checkout: Checkout;
  /** References of our own images, as they are now. */
  readonly images: readonly string[];
  readonly environment: string;
  /** Of the Flux objects. */
  readonly namespace: string;
}

/** The newest of all tags that the cases push. */
const newest = 'prod-20260102.1';

/** What the rendered policies choose among tags in a real registry. */
export async function choiceCases(report: Report, world: ImagesWorld): Promise<void> {
  const { host, automation, registry, images, namespace } = world;
  const push = async (...tags: string[]): Promise<void> => {
    for (const image of images) {
      for (const tag of tags)
        await registry.relabel(image, image.replace(/:[^:]*$/, `:${tag}`), `e2e.tag=${tag}`);
    }
  };
  const chosen = async (): Promise<string[]> =>
    (await automation.choose(namespace)).map(({ image }) => /:([^:@]+)@sha256:/.exec(image)?.[1] ?? image);

  await report.case('of .1, .2, .9 and .10 of a day, the policies choose .10', async () => {
    await push('prod-20260101.2', 'prod-20260101.9', 'prod-20260101.10');
    assert.deepEqual(
      await chosen(),
      images.map(() => 'prod-20260101.10'),
    );
  });
  await report.case(
    'of two days, the later; never another environment, nor a number with a leading zero',
    async () => {
      await push(newest, 'dev-20260109.1', 'prod-20260103.01');
      assert.deepEqual(
        await chosen(),
        images.map(() => newest),
      );
    },
  );
  await report.case('defect: a numeric order of tags chooses .9 over .10', async () => {
    const filterTags = { pattern: '^prod-(?P<date>\\d{8})\\.(?P<n>0|[1-9]\\d*)$', extract: '$date.$n' };
    const tags = ['prod-20260101.1', 'prod-20260101.9', 'prod-20260101.10'];
    assert.equal(
      await selectTag(host, { filterTags, policy: { numerical: { order: 'asc' } } }, tags),
      'prod-20260101.9',
    );
  });
  await report.case('defect: a setter in another namespace than its policies marks no line', async () => {
    const choices = (await automation.choose(namespace)).map(({ policy, image }) => ({
      policy: policy.replace(namespace, 'email-relay'),
      image,
    }));
    await assert.rejects(
      setMarkedLines(host, world.checkout.folder, choices),
      /email-relay:mx-validator-prod-policy/,
    );
    assert.equal(await world.checkout.git('status', '--porcelain'), '');
  });
}

/** The commit of Flux's automation, to the byte. */
export async function bumpCases(report: Report, world: ImagesWorld): Promise<void> {
  const { automation, checkout, images, environment, namespace } = world;
  await report.case('a bump changes exactly the marked lines, here and in dist/', async () => {
    const before = await checkout.head();
    await automation.bump(checkout, namespace, `email-relay-${environment}`);
    const count = `${images.length}\t${images.length}`;
    assert.deepEqual((await checkout.git('diff', '--numstat', before)).trim().split('\n'), [
      `${count}\tapp/images/${environment}.yaml`,
      `${count}\tdist/k8s/${environment}/20-deployment.yaml`,
    ]);
    const changed = await checkout.git('diff', '--unified=0', before);
    const added = changed.split('\n').filter((line) => /^\+(?!\+\+)/.test(line));
    for (const line of added) {
      assert.match(line, new RegExp(`:${newest}@sha256:[0-9a-f]{64} # \\{"\\$imagepolicy": "[a-z:-]+"\\}$`));
    }
    const author = await checkout.git('log', '-1', '--format=%an <%ae>');
    assert.equal(author.trim(), 'fluxcdbot <fluxcdbot@users.noreply.github.com>');
  });
}

/** What people do after such a commit has nothing to do. */
export async function afterBumpCases(report: Report, { checkout }: ImagesWorld): Promise<void> {
  await report.case('synth on the result changes nothing, and check is green', async () => {
    // The one exchanged file is not what the settings say, and not what this is about.
    const npm = (...args: string[]): Promise<string> =>
      run('npm', ['run', '-s', ...args], { cwd: checkout.folder });
    await npm('synth');
    const changed = await checkout.git('diff', '--name-only');
    assert.match(changed, /^(dist\/k8s\/\w+\/15-configmap-outbox\.yaml\n)?$/);
    await npm('check');
  });
}
