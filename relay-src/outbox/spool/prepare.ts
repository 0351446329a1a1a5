import { join } from 'node:path';
import { UnusableSpool } from './errors.ts';
import type { Files } from './files.ts';
import { writeNew } from './incoming.ts';
import { folders, formatText, names, type Layout } from './layout.ts';

/** Makes what is missing of a spool. Rejects with UnusableSpool if it is one of another format. */
export async function prepare(files: Files, layout: Layout): Promise<void> {
  for (const name of await files.list(layout.root)) {
    if (name.startsWith(`${names.lock}.`) || name.startsWith(`${names.format}.`)) {
      await files.remove(join(layout.root, name));
    }
  }
  const path = layout.file('format');
  const format = await files.read(path);
  if (format !== undefined && format.toString() !== formatText) {
    const found = format.toString().trim();
    throw new UnusableSpool(`${path} says "${found}", and this version knows "${formatText.trim()}" only`);
  }
  for (const folder of folders) await files.makeFolder(layout.folder(folder));
  if (format === undefined) {
    await writeNew(files, `${path}.new`, Buffer.from(formatText));
    await files.rename(`${path}.new`, path);
  }
  await files.syncFolder(layout.root);
}
