import { ownedFilesList } from './owned-files.ts';
import type { RenderedFile, TreeFile } from './tree.ts';
import { toYaml } from './yaml.ts';

/** A file as bytes. */
export function renderFile(file: TreeFile): RenderedFile {
  const { path, source } = file;
  return { path, source, bytes: file.kind === 'copy' ? file.bytes : Buffer.from(toYaml(file)) };
}

/** All files of the output folder, with the list of them. @throws when two have one path */
export function completeTree(files: readonly RenderedFile[]): RenderedFile[] {
  const seen = new Map<string, string>();
  for (const { path, source } of files) {
    const other = seen.get(path);
    if (other !== undefined) throw new Error(`${path} is rendered twice, by ${other} and by ${source}`);
    seen.set(path, source);
  }
  return [...files, ownedFilesList(files)];
}
