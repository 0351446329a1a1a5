/** A parsed Kubernetes object; what lies below is read through `Field`. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  /** Absent in a `kustomization.yaml`. */
  readonly metadata?: { readonly name?: string | undefined; readonly namespace?: string | undefined };
}

/** One object and the file it is in, relative to `dist/`: `k8s/prod/20-deployment.yaml`. */
export interface Document {
  readonly manifest: Manifest;
  readonly file: string;
  /** Which document of its file it is, from 0. */
  readonly index?: number;
}

/** Keys and indexes from the root of an object to a field. */
export type Path = readonly (string | number)[];

/**
 * A place in a document: its path and the value there, if any. Reading never fails: what is missing or of
 * another type is `undefined`, so that rules stay silent about what a schema reports.
 */
export class Field {
  readonly document: Document;
  readonly path: Path;
  readonly value: unknown;

  constructor(document: Document, path: Path, value: unknown) {
    this.document = document;
    this.path = path;
    this.value = value;
  }

  /** The field below, whether it exists or not. */
  at(...keys: Path): Field {
    let value = this.value;
    for (const key of keys) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    return new Field(this.document, [...this.path, ...keys], value);
  }

  /** The elements of a list; none when it is not a list. */
  items(): readonly Field[] {
    if (!Array.isArray(this.value)) return [];
    return this.value.map((item: unknown, index) => new Field(this.document, [...this.path, index], item));
  }

  /** The entries of a map; none when it is not a map. */
  entries(): readonly (readonly [string, Field])[] {
    const { value } = this;
    if (!isObject(value) || Array.isArray(value)) return [];
    return Object.keys(value).map((key) => [key, this.at(key)] as const);
  }

  /** Every scalar at or below this field. */
  *scalars(): Generator<Field> {
    if (!isObject(this.value)) yield this;
    else if (Array.isArray(this.value)) for (const item of this.items()) yield* item.scalars();
    else for (const [, field] of this.entries()) yield* field.scalars();
  }

  /** Neither absent nor null. */
  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Is this a Kubernetes object, as far as rules need it to be? */
export function isManifest(value: unknown): value is Manifest {
  return isObject(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';
}

/** `Deployment/email-relay`; the kind alone where there is no name. */
export function objectName({ kind, metadata }: Manifest): string {
  return metadata?.name === undefined ? kind : `${kind}/${metadata.name}`;
}

/** `spec.containers[0].image`; keys that are no identifiers in brackets: `metadata.labels["a/b"]`. */
export function formatPath(path: Path): string {
  return path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    })
    .join('')
    .replace(/^\./, '');
}
