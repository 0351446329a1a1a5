/** What differs between two renders of an environment: objects, not lines. */
import { type Document, isManifest } from '../../checks/field.ts';
import { Tree } from '../../checks/tree.ts';
import { changedFields, type FieldChange } from '../../render/fields.ts';
import { objectsIn, type TreeObject } from '../../render/objects.ts';

/** One state of an environment. */
export interface Side {
  readonly objects: ReadonlyMap<string, TreeObject>;
  /** Text of each file, by its path in `dist/`. */
  readonly texts: ReadonlyMap<string, string>;
  /** The same objects as checks read them. */
  readonly tree: Tree;
}

export interface ObjectChange {
  /** `Deployment/email-relay/email-relay`. */
  readonly key: string;
  readonly kind: 'added' | 'removed' | 'changed' | 'moved';
  readonly before: TreeObject | undefined;
  readonly after: TreeObject | undefined;
  /** None for an object that only one side has. */
  readonly fields: readonly FieldChange[];
}

/** The state that files hold. @param texts by path in `dist/` */
export function sideOf(texts: ReadonlyMap<string, string>): Side {
  const objects = new Map<string, TreeObject>();
  for (const [path, text] of texts) {
    if (!path.endsWith('.yaml')) continue;
    for (const object of objectsIn(path, text)) objects.set(object.key, object);
  }
  const documents = [...objects.values()].flatMap(({ file, manifest }): Document[] => {
    const candidate: unknown = manifest;
    return isManifest(candidate) ? [{ manifest: candidate, file }] : [];
  });
  return { objects, texts, tree: new Tree(documents, texts) };
}

/** Every object that one side lacks, that has other fields, or that lies in another file, in the later order. */
export function changesBetween(before: Side, after: Side): ObjectChange[] {
  const keys = new Set([...after.objects.keys(), ...before.objects.keys()]);
  return [...keys].flatMap((key): ObjectChange[] => {
    const [old, now] = [before.objects.get(key), after.objects.get(key)];
    const both = { key, before: old, after: now };
    if (old === undefined) return [{ ...both, kind: 'added', fields: [] }];
    if (now === undefined) return [{ ...both, kind: 'removed', fields: [] }];
    const fields = changedFields(old.manifest, now.manifest);
    if (fields.length > 0) return [{ ...both, kind: 'changed', fields }];
    if (old.file !== now.file) return [{ ...both, kind: 'moved', fields }];
    return [];
  });
}

/** Files of which both sides have the same objects and other bytes: comments, markers, order. */
export function changedForms(before: Side, after: Side, changes: readonly ObjectChange[]): string[] {
  const files = new Set(changes.flatMap((change) => [change.before?.file, change.after?.file]));
  return [...after.texts].flatMap(([path, text]) => {
    const old = before.texts.get(path);
    return old !== undefined && old !== text && !files.has(path) && path.endsWith('.yaml') ? [path] : [];
  });
}
