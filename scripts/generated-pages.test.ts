import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages } from './generated-pages.ts';

it('the reference pages are what the code says: otherwise run `npm run docs`', async () => {
  for (const [file, text] of await generatedPages()) {
    expect({ file, text: readFileSync(join(import.meta.dirname, '..', file), 'utf8') }).toEqual({
      file,
      text,
    });
  }
});
