import { expect, it } from '@jest/globals';

import { junit } from './junit.ts';
import { limits, versions } from './write.ts';

it('writes what a CI reads, whatever is in the text', () => {
  const text = junit([
    { group: 'mail', name: 'arrives', seconds: 1 },
    { group: 'mail', name: 'a "quoted" <name>', seconds: 0.5, failure: 'expected\u0000 <b>\nat once' },
  ]);
  expect(text).toContain('<testsuite name="mail" tests="2" failures="1" time="1.500">');
  expect(text).toContain('name="a &quot;quoted&quot; &lt;name&gt;" time="0.500">');
  expect(text).toContain('<failure message="expected? &lt;b&gt;">expected? &lt;b&gt;\nat once</failure>');
});

it('says which versions ran, and what a real cluster has beyond them', () => {
  expect(versions()).toEqual([
    expect.stringMatching(/^Kubernetes 1\.\d+\.\d+$/),
    expect.stringMatching(/^etcd 3\.\d+\.\d+$/),
    expect.stringMatching(/^CoreDNS 1\.\d+\.\d+$/),
    expect.stringMatching(/^kustomize-controller 1\.\d+\.\d+$/),
  ]);
  expect(limits()).toContainEqual(expect.stringMatching(/^Many nodes: /));
});
