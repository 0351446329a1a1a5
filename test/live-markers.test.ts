import { expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveMarkers } from '../app/check/live-markers.ts';
import { ROOT, withRepositoryCopy } from './repository.ts';

it('live image markers stand in app/images and dist only', async () => {
  expect(liveMarkers(ROOT)).toEqual([]);
  await withRepositoryCopy(async (root) => {
    writeFileSync(join(root, 'checks/x.yaml'), 'image: a # {"$imagepolicy": "flux-system:a"}\n');
    expect(liveMarkers(root)).toMatchObject([{ place: 'checks/x.yaml', line: 1 }]);
  });
});
