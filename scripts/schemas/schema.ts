import type { SchemaFile } from '../../checks/schemas/schema-file.ts';

/** JSON Schema as this generator reads and writes it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schema below a keyword or property; an empty one where there is none. */
export function child(schema: Schema, ...path: readonly string[]): Schema {
  let value: unknown = schema;
  for (const key of path) value = isSchema(value) ? value[key] : undefined;
  return isSchema(value) ? value : {};
}

/** Applies a function to each value of a map of schemas. */
export function mapValues(schemas: unknown, change: (schema: Schema, key: string) => Schema): Schema {
  if (!isSchema(schemas)) return {};
  return Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => [key, change(isSchema(schema) ? schema : {}, key)]),
  );
}

/** One definition a line, keys sorted: a change of one kind is a change of one line. */
export function format({ kinds, served, lifecycles, $defs }: SchemaFile): string {
  const definitions = Object.keys($defs)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}: ${JSON.stringify(sorted($defs[name]))}`);
  const head = JSON.stringify(sorted({ kinds, served, lifecycles }), undefined, 1);
  return `${head.slice(0, -2)},\n "$defs": {\n${definitions.join(',\n')}\n }\n}\n`;
}

/** Object keys in order, at every depth; lists stay as they are. */
export function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isSchema(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map((key) => [key, sorted(value[key])]),
  );
}
