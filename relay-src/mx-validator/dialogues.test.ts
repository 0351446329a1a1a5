import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseDialogue, runDialogue } from '../testing/dialogue.ts';

const folder = new URL('dialogues/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.smtp'));

describe.each(files)('%s', (file) => {
  const dialogue = parseDialogue(readFileSync(new URL(file, folder), 'utf8'));

  it.each(dialogue.wholeOnly ? (['whole'] as const) : (['whole', 'bytewise'] as const))(
    '%s',
    async (pace) => {
      expect(await runDialogue(dialogue, pace)).toBeUndefined();
    },
  );
});
