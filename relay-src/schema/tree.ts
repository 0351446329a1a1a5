/** A walk over the settings schema: what lies where, without its optional and default wrappers. */
import { z } from 'zod';

export type Schema = z.core.$ZodType;

/** A schema without optional and default wrappers, and the default that it had. */
export function unwrap(node: Schema): { inner: Schema; fallback?: unknown } {
  let inner = node;
  let fallback: unknown;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    if (!(inner instanceof z.ZodOptional)) fallback ??= inner.def.defaultValue;
    inner = inner.def.innerType;
  }
  return { inner, fallback };
}

/** One kind of a union of kinds. */
export interface Variant {
  readonly kind: string;
  /** Whether it is meant where no kind is said. */
  readonly isDefault: boolean;
  readonly schema: Schema;
}

/** The kinds of a union of kinds, told apart by a literal `kind`; none for anything else. */
export function variantsOf(node: Schema): Variant[] {
  const { inner } = unwrap(node);
  if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
  return inner.def.options.flatMap((schema): Variant[] => {
    const kind = members(schema)?.['kind'];
    if (kind === undefined) return [];
    const { inner: literal, fallback } = unwrap(kind);
    if (!(literal instanceof z.ZodLiteral)) return [];
    return [{ kind: String(literal.value), isDefault: fallback !== undefined, schema }];
  });
}

/**
 * Members of an object; of a union of kinds, those of the input's kind, or of all of them together where the input
 * is unknown; undefined for a leaf.
 */
export function members(node: Schema, input?: unknown): Record<string, Schema> | undefined {
  const { inner } = unwrap(node);
  if (inner instanceof z.ZodObject) return inner.def.shape;
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const said: unknown = Object(input)['kind'];
    const one =
      input === undefined
        ? undefined
        : variantsOf(node).find(({ kind, isDefault }) => kind === said || (said === undefined && isDefault));
    const options = one === undefined ? inner.def.options : [one.schema];
    return Object.assign({}, ...options.map((option) => members(option)));
  }
  return undefined;
}

/** The schema at a path of an input, if there is one. */
export function schemaAt(root: Schema, path: readonly PropertyKey[], input?: unknown): Schema | undefined {
  let node: Schema | undefined = root;
  let value = input;
  for (const step of path) {
    node = node && members(node, value)?.[String(step)];
    value = Object(value)[step];
  }
  return node;
}

/** What the schema says of itself, wrappers included; a `secret` value is never shown. */
export function meta(node: Schema): { description?: string; reason?: string; secret?: true } {
  const { inner } = unwrap(node);
  const { description, reason, secret } = { ...z.globalRegistry.get(inner), ...z.globalRegistry.get(node) };
  return {
    ...(typeof description === 'string' ? { description } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(secret === true ? { secret } : {}),
  };
}
