import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { validate } from '../checks/schemas/validate.ts';
import { ROOT, textsBelow } from '../test/repository.ts';

const documents = Object.entries(textsBelow(join(ROOT, 'dist')))
  .filter(([file]) => file.endsWith('.yaml'))
  .flatMap(([file, text]) =>
    parseAllDocuments(text).map((document) => ({ file, manifest: document.toJS() })),
  );

describe('every document of dist/', () => {
  it.each(['1.34', '1.35', '1.36'] as const)(
    'validates strictly against Kubernetes %s and Flux 2.9',
    (kubernetes) => {
      expect(documents.length).toBeGreaterThan(20);
      expect(validate(documents, { kubernetes, flux: '2.9' })).toEqual([]);
    },
  );
});
