/**
 * The fields of an object as a flat map, so that two versions of it can be compared field by field. An item of a
 * list is known by its name (or port, address range …) and not by its place: an item that is added before it
 * changes nothing of it.
 */

/** A step into an object: a key, or an item of a list by what tells it from the others. */
export type FieldStep = string | { readonly item: string };

/** A value without fields of its own: a scalar, a list of scalars, an empty object or list. */
export interface FieldValue {
  readonly path: readonly FieldStep[];
  /** The same path as keys and indexes. */
  readonly keys: readonly (string | number)[];
  readonly value: unknown;
}

/** All fields of an object by the text of their path, in its order. */
export function fieldsOf(object: unknown): Map<string, FieldValue> {
  const fields = new Map<string, FieldValue>();
  collect(object, [], [], fields);
  return fields;
}

function collect(
  value: unknown,
  path: readonly FieldStep[],
  keys: readonly (string | number)[],
  into: Map<string, FieldValue>,
): void {
  if (value === undefined) return;
  const children = childrenOf(value);
  if (children === undefined) into.set(fieldText(path), { path, keys, value });
  else for (const [step, key, child] of children) collect(child, [...path, step], [...keys, key], into);
}

/** The fields below a value with their steps and keys; undefined for what counts as one value. */
function childrenOf(value: unknown): [FieldStep, string | number, unknown][] | undefined {
  if (Array.isArray(value)) {
    if (!value.some(isObject)) return undefined;
    const names = itemKeys(value);
    return value.map((item: unknown, index) => [{ item: names[index] ?? String(index) }, index, item]);
  }
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length > 0 ? entries.map(([key, child]) => [key, key, child]) : undefined;
}

/** `spec.containers[mailpit].env[MP_MAX_AGE].value`; keys that are no identifiers in quotes: `labels["a/b"]`. */
export function fieldText(path: readonly FieldStep[]): string {
  return path
    .map((step) => {
      if (typeof step !== 'string') return `[${step.item}]`;
      return /^[A-Za-z_$][\w$-]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** Is a field (as text) the other one, or somewhere in it? */
export function isWithin(field: string, other: string): boolean {
  return field === other || field.startsWith(`${other}.`) || field.startsWith(`${other}[`);
}

/** The steps of a path's text. */
export function fieldSteps(field: string): FieldStep[] {
  return Array.from(
    field.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.[\]]+)/g),
    ([, quoted, item, key]) => (item === undefined ? (quoted ?? key ?? '') : { item }),
  );
}

/**
 * The text of the field at a path of keys and indexes (as rules and schemas report it), or of the closest one
 * above it that counts as one value.
 */
export function fieldTextAt(object: unknown, path: readonly (string | number)[]): string {
  const steps: FieldStep[] = [];
  let value = object;
  for (const key of path) {
    if (Array.isArray(value)) {
      if (!value.some(isObject)) break;
      steps.push({ item: itemKeys(value)[Number(key)] ?? String(key) });
    } else steps.push(String(key));
    value = isObject(value) ? Reflect.get(value, key) : undefined;
  }
  return fieldText(steps);
}

type KeyOf = (item: object) => string | undefined;

const text =
  (...keys: readonly string[]): KeyOf =>
  (item) => {
    let value: unknown = item;
    for (const key of keys) value = isObject(value) ? Reflect.get(value, key) : undefined;
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };

/** What tells the items of a list apart; the first that every item has, and each another, is taken. */
const IDENTITIES: readonly KeyOf[] = [
  text('name'),
  text('alert'),
  text('record'),
  text('mountPath'),
  text('containerPort'),
  text('recipient'),
  text('ipBlock', 'cidr'),
  text('namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name'),
  (item) => {
    const [port, protocol] = [text('port')(item), text('protocol')(item)];
    return port === undefined || protocol === undefined ? port : `${port}/${protocol}`;
  },
  // A rule of a NetworkPolicy is known by its ports, and a peer by whichever of the two above it has.
  (item) => {
    const ports: unknown = Reflect.get(item, 'ports');
    return Array.isArray(ports) && ports.length > 0 ? itemKeys(ports).join(',') : undefined;
  },
  (item) =>
    text('ipBlock', 'cidr')(item) ??
    text('namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name')(item),
];

function itemKeys(items: readonly unknown[]): string[] {
  for (const identity of IDENTITIES) {
    const keys = items.map((item) => (isObject(item) ? identity(item) : undefined));
    const known = keys.filter((key) => key !== undefined);
    if (known.length === items.length && new Set(known).size === items.length) return known;
  }
  return items.map((_, index) => String(index));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A field that two versions of an object do not have in common; undefined where one has no such field. */
export interface FieldChange {
  /** Text of its path. */
  readonly field: string;
  readonly path: readonly FieldStep[];
  /** The same path as keys and indexes, in the later version where it has the field. */
  readonly keys: readonly (string | number)[];
  readonly before: unknown;
  readonly after: unknown;
}

/** The fields in which two versions of an object differ, in the order of the later one. */
export function changedFields(before: unknown, after: unknown): FieldChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const changes: FieldChange[] = [];
  for (const [field, { path, keys, value }] of now) {
    const was = old.get(field)?.value;
    if (!isSameValue(was, value)) changes.push({ field, path, keys, before: was, after: value });
  }
  for (const [field, { path, keys, value }] of old) {
    if (!now.has(field)) changes.push({ field, path, keys, before: value, after: undefined });
  }
  return changes;
}

/** Both are scalars, lists of scalars, or empty. */
function isSameValue(a: unknown, b: unknown): boolean {
  return a === b || (isObject(a) && isObject(b) && JSON.stringify(a) === JSON.stringify(b));
}
