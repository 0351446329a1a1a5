import { ownedFilesList } from './owned-files.ts';
import type { RenderedFile, TreeFile } from './tree.ts';
import { toYaml } from './yaml.ts';

/** Every file as bytes, with the list of them. @throws when two have one path */
export function renderTree(files: readonly TreeFile[]): RenderedFile[] {
  const rendered = files.map((file) => ({
    path: file.path,
    source: file.source,
    bytes: file.kind === 'copy' ? file.bytes : Buffer.from(toYaml(file)),
  }));
  const seen = new Map<string, string>();
  for (const { path, source } of rendered) {
    const other = seen.get(path);
    if (other !== undefined) throw new Error(`${path} is rendered twice, by ${other} and by ${source}`);
    seen.set(path, source);
  }
  return [...rendered, ownedFilesList(rendered)];
}
