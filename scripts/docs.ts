/** Writes the reference pages, and what else is made from the code. `npm test` fails when one is out of date. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages } from './generated-pages.ts';

for (const [file, text] of await generatedPages()) writeFileSync(join(import.meta.dirname, '..', file), text);
