import type { Field } from '../../checks/field.ts';
import { treeObject } from '../../render/objects.ts';
import type { ObjectChange, Side } from './change.ts';

/** `danger`: mail, data or access is at stake, or it will not apply. `caution`: somebody notices. `note`: good to know. */
export type Weight = 'danger' | 'caution' | 'note';

/** What a change does to what runs. */
export interface Consequence {
  /** Id of its kind. */
  readonly kind: string;
  readonly weight: Weight;
  /** Key of the object that it follows from. */
  readonly object: string;
  /** The fields that it follows from; none for the object as a whole. */
  readonly fields: readonly string[];
  readonly says: string;
  /** What has to be done, before or after it is applied. */
  readonly todo?: string;
  readonly reference: string;
}

/** Who last changed a file of the repository. */
export interface Author {
  readonly name: string;
  readonly email: string;
  /** Abbreviated commit; undefined for a change that is not committed. */
  readonly commit: string | undefined;
}

/** What consequences are read from: an environment before and after. */
export interface Context {
  readonly environment: string;
  readonly before: Side;
  readonly after: Side;
  readonly changes: readonly ObjectChange[];
  /** Files whose bytes differ and whose objects do not. */
  readonly forms: readonly string[];
  /** Last author of a file of the repository; undefined where git does not know. */
  readonly authorOf: (path: string) => Author | undefined;
}

export type Found = Omit<Consequence, 'kind' | 'reference'>;

/** One kind of consequence: a small file in `consequences/`, with pairs of before and after in `cases/`. */
export interface ConsequenceKind {
  readonly id: string;
  /** What it tells a reviewer, in one line. */
  readonly title: string;
  /** Where upstream says so. */
  readonly reference: string;
  /** Whether it is about the way from one state to the other, and so means nothing between two environments. */
  readonly transition: boolean;
  readonly find: (context: Context) => Iterable<Found>;
}

/** The changes of these kinds of objects, with both versions. */
export function changed(
  { changes, before, after }: Context,
  ...kinds: readonly string[]
): { change: ObjectChange; old: Field; now: Field }[] {
  return changes.flatMap((change) => {
    const [old, now] = [rootOf(before, change.before), rootOf(after, change.after)];
    if (old === undefined || now === undefined) return [];
    return kinds.includes(kindOf(change)) ? [{ change, old, now }] : [];
  });
}

/** The object of a change as checks read it. */
export function rootOf(side: Side, object: ObjectChange['before']): Field | undefined {
  return side.tree.roots.find((root) => root.value === object?.manifest);
}

/** Key of an object, as changes have it. */
export function objectKey(root: Field): string {
  return treeObject(root.document.file, { ...root.document.manifest }).key;
}

/** Group and kind of a change's object: `apps/Deployment`, `Service`. */
export function kindOf({ before, after }: ObjectChange): string {
  const { apiVersion, kind } = after?.manifest ?? before?.manifest ?? {};
  const group = String(apiVersion).split('/').length > 1 ? `${String(apiVersion).split('/')[0]}/` : '';
  return `${group}${String(kind)}`;
}

/** A field's value, short enough for a line. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = text.replaceAll('\n', '\\n');
  return line.length > 80 ? `${line.slice(0, 77)}…` : line;
}

/** `a, b, c and 4 more`. */
export function listed(items: readonly string[], most = 4): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(', ')} and ${more} more` : items.join(', ');
}
