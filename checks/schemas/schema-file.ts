import type { Schema } from './json-schema.ts';

/** From which version on a kind is deprecated and gone, and what takes its place. */
export interface Lifecycle {
  readonly deprecated?: string;
  readonly removed?: string;
  readonly use?: string;
}

/** A file of `checks/schemas/`: written by scripts/schemas.ts, read by validate.ts. */
export interface SchemaFile {
  /** Definition of each kind, written as `apps/v1/Deployment`, by target version. */
  readonly kinds: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** All kinds that a version serves, with a schema or without; absent where we do not know them all. */
  readonly served?: Readonly<Record<string, readonly string[]>>;
  /** Of kinds that are not for ever, written as `apps/v1beta1/Deployment`; absent where upstream names none. */
  readonly lifecycles?: Readonly<Record<string, Lifecycle>>;
  /** JSON schemas by name; references stay within the file or lead to that of Kubernetes. */
  readonly $defs: Readonly<Record<string, Schema>>;
}
