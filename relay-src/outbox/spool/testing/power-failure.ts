/**
 * What a disk may hold after the power failed. What was not synced may be there or not, each part by itself and in
 * no order: POSIX promises no more. Only a rename is one thing: its old name does not go before its new one is there.
 */
import { dirname } from 'node:path';
import { copyTree, inodeAt, perform, setName, type Operation, type Tree } from './tree.ts';

/** A change that is not on disk for sure. */
type Change =
  | {
      readonly kind: 'name';
      readonly path: string;
      readonly inode: number | undefined;
      /** Not before this one: the old name of a rename, after its new one. */
      readonly after?: Change;
    }
  | { readonly kind: 'data'; readonly inode: number; readonly bytes: Buffer };

type Fate = 'kept' | 'dropped' | 'torn';

/** Which disks to look at: those where all is kept, all is dropped, all is torn, or all but one part is kept; or the first two. */
export type Thoroughness = 'each' | 'extremes';

/** The disks, each another, that may be found if the power fails after these operations on `start`. */
export function* afterPowerFailure(
  start: Tree,
  operations: readonly Operation[],
  thoroughness: Thoroughness,
): Generator<Tree> {
  const { durable, changes } = replay(start, operations);
  const seen = new Set<string>();
  for (const fates of possibleFates(changes, thoroughness)) {
    const tree = settle(durable, changes, fates);
    const print = fingerprint(tree);
    if (!seen.has(print)) yield tree;
    seen.add(print);
  }
}

/** Names and lengths: enough to tell two disks of one run apart. */
export function fingerprint({ contents, folders }: Tree): string {
  return [...folders]
    .flatMap(([folder, names]) =>
      [...names].map(([name, inode]) => `${folder}/${name} ${inode} ${contents.get(inode)?.length}`),
    )
    .toSorted()
    .join('\n');
}

function replay(start: Tree, operations: readonly Operation[]): { durable: Tree; changes: Change[] } {
  const durable = copyTree(start);
  const live = copyTree(start);
  let changes: Change[] = [];
  const persist = (change: Change): void => {
    if (!changes.includes(change)) return;
    const until = changes.indexOf(change);
    // What happened to a name before is of no account once it is on disk what it is now.
    const isSettled = (one: Change, index: number): boolean =>
      one === change ||
      (one.kind === 'name' && change.kind === 'name' && one.path === change.path && index < until);
    changes = changes.filter((one, index) => !isSettled(one, index));
    if (change.kind === 'name' && change.after !== undefined) persist(change.after);
    apply(durable, change, 'kept');
  };
  for (const operation of operations) {
    switch (operation.kind) {
      case 'create':
        changes.push({ kind: 'name', path: operation.path, inode: operation.inode });
        break;
      case 'write':
        changes.push({ kind: 'data', inode: operation.inode, bytes: operation.bytes });
        break;
      case 'overwrite':
        durable.contents.set(operation.inode, operation.bytes);
        break;
      case 'sync':
        for (const change of changes)
          if (change.kind === 'data' && change.inode === operation.inode) persist(change);
        break;
      case 'rename': {
        const to: Change = { kind: 'name', path: operation.to, inode: inodeAt(live, operation.from) };
        changes.push(to, { kind: 'name', path: operation.from, inode: undefined, after: to });
        break;
      }
      case 'remove':
        changes.push({ kind: 'name', path: operation.path, inode: undefined });
        break;
      case 'syncFolder':
        for (const change of changes)
          if (change.kind === 'name' && dirname(change.path) === operation.folder) persist(change);
        break;
    }
    perform(live, operation);
  }
  return { durable, changes };
}

function* possibleFates(changes: readonly Change[], thoroughness: Thoroughness): Generator<readonly Fate[]> {
  const all = (fate: Fate): Fate[] => changes.map(() => fate);
  yield all('kept');
  yield all('dropped');
  if (thoroughness === 'extremes') return;
  yield all('torn');
  for (const [index, { kind }] of changes.entries()) {
    yield all('kept').with(index, 'dropped');
    if (kind === 'data') yield all('kept').with(index, 'torn');
  }
}

function settle(durable: Tree, changes: readonly Change[], fates: readonly Fate[]): Tree {
  const tree = copyTree(durable);
  const done = new Set<Change>();
  for (const [index, change] of changes.entries()) {
    const fate = fates[index] ?? 'dropped';
    const isEarly =
      change.kind === 'name' &&
      change.after !== undefined &&
      changes.includes(change.after) &&
      !done.has(change.after);
    if (fate === 'dropped' || isEarly) continue;
    done.add(change);
    apply(tree, change, fate);
  }
  return tree;
}

/** Half of the octets reach the disk of a torn write; a name is there or not. */
function apply(tree: Tree, change: Change, fate: Fate): void {
  if (change.kind === 'name') {
    setName(tree, change.path, change.inode);
    if (change.inode !== undefined && !tree.contents.has(change.inode))
      tree.contents.set(change.inode, Buffer.alloc(0));
    return;
  }
  const { bytes, inode } = change;
  const written = fate === 'torn' ? bytes.subarray(0, bytes.length >> 1) : bytes;
  tree.contents.set(inode, Buffer.concat([tree.contents.get(inode) ?? Buffer.alloc(0), written]));
}
