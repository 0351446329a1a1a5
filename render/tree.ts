/** What is written: a folder tree as plain data. `render/` knows no construct and no setting. */

/** A Kubernetes object, as JSON. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** One step into an object: a key, or the list item of that name. */
export type Step = string | { readonly name: string };

/** A comment behind the scalar at `path`. */
export interface Marker {
  /** Index of the object in its file. */
  readonly object: number;
  readonly path: readonly Step[];
  /** Text without `#`. */
  readonly comment: string;
}

/** A file of objects. */
export interface ManifestFile {
  readonly kind: 'manifests';
  /** Relative to the output folder, with `/`. */
  readonly path: string;
  /** The file of the repository that made it. */
  readonly source: string;
  /** Where a person changes it: stands in the file's first line. */
  readonly edit: string;
  readonly objects: readonly KubeObject[];
  readonly markers: readonly Marker[];
}

/** A file that is copied byte for byte: an encrypted Secret. */
export interface CopiedFile {
  readonly kind: 'copy';
  readonly path: string;
  readonly source: string;
  readonly bytes: Uint8Array;
}

export type TreeFile = ManifestFile | CopiedFile;

/** A file as bytes. */
export interface RenderedFile {
  readonly path: string;
  readonly source: string;
  readonly bytes: Uint8Array;
}
