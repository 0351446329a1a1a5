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

/** Members of an object; of a union of kinds, those of all of them together; undefined for a leaf. */
export function members(node: Schema): Record<string, Schema> | undefined {
  const { inner } = unwrap(node);
  if (inner instanceof z.ZodObject) return inner.def.shape;
  if (inner instanceof z.ZodDiscriminatedUnion) {
    return Object.assign({}, ...inner.def.options.map((option) => members(option)));
  }
  return undefined;
}

/** The schema at a path, if there is one. */
export function schemaAt(root: Schema, path: readonly PropertyKey[]): Schema | undefined {
  let node: Schema | undefined = root;
  for (const step of path) node = node && members(node)?.[String(step)];
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
