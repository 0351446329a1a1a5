/** Writes docs/checks.md from the rules in checks/ and their examples. A test checks that it is up to date. */
import { writeFileSync } from 'node:fs';
import { checksPage } from '../checks/docs.ts';

writeFileSync(new URL('../docs/checks.md', import.meta.url), checksPage());
