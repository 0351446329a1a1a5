/** A file system as data: contents by inode, and inodes by folder and name. */
import { basename, dirname } from 'node:path';

export interface Tree {
  readonly contents: Map<number, Buffer>;
  readonly folders: Map<string, Map<string, number>>;
}

export type Operation =
  | { readonly kind: 'create'; readonly path: string; readonly inode: number }
  | { readonly kind: 'write'; readonly inode: number; readonly bytes: Buffer }
  | { readonly kind: 'overwrite'; readonly inode: number; readonly bytes: Buffer }
  | { readonly kind: 'sync'; readonly inode: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'syncFolder'; readonly folder: string };

export const emptyTree = (): Tree => ({ contents: new Map(), folders: new Map() });

export function copyTree({ contents, folders }: Tree): Tree {
  return {
    contents: new Map(contents),
    folders: new Map([...folders].map(([folder, names]) => [folder, new Map(names)])),
  };
}

export function inodeAt({ folders }: Tree, path: string): number | undefined {
  return folders.get(dirname(path))?.get(basename(path));
}

/** Sets or takes away a name. */
export function setName({ folders }: Tree, path: string, inode: number | undefined): void {
  const names = folders.get(dirname(path));
  if (names === undefined) throw new Error(`no folder ${dirname(path)}`);
  if (inode === undefined) names.delete(basename(path));
  else names.set(basename(path), inode);
}

/** Does to a tree what a running program sees of an operation at once. */
export function perform(tree: Tree, operation: Operation): void {
  switch (operation.kind) {
    case 'create':
      setName(tree, operation.path, operation.inode);
      tree.contents.set(operation.inode, Buffer.alloc(0));
      break;
    case 'write': {
      const before = tree.contents.get(operation.inode) ?? Buffer.alloc(0);
      tree.contents.set(operation.inode, Buffer.concat([before, operation.bytes]));
      break;
    }
    case 'overwrite':
      tree.contents.set(operation.inode, operation.bytes);
      break;
    case 'rename':
      setName(tree, operation.to, inodeAt(tree, operation.from));
      setName(tree, operation.from, undefined);
      break;
    case 'remove':
      setName(tree, operation.path, undefined);
      break;
    case 'sync':
    case 'syncFolder': // nothing that a running program sees
      break;
  }
}
