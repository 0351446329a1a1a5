import type { Schema } from './json-schema.ts';

/** A file of `checks/schemas/`: written by scripts/schemas.ts, read by validate.ts. */
export interface SchemaFile {
  /** Definition of each kind, written as `apps/v1/Deployment`, by target version. */
  readonly kinds: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** All kinds that a version serves, with a schema or without; absent where we do not know them all. */
  readonly served?: Readonly<Record<string, readonly string[]>>;
  /** JSON schemas by name; references stay within the file or lead to that of Kubernetes. */
  readonly $defs: Readonly<Record<string, Schema>>;
}
