import { Field } from './field.ts';
import type { Document } from './field.ts';

/** Where a tree stands, and how much of the cluster it shows. */
export interface Place {
  /**
   * Whether what its pods refer to is in it, as in an environment of ours; what comes from elsewhere (Flux's own
   * Secrets, CRDs, the cluster's namespaces) no rule asks for. In the tree of somebody else any reference may
   * lead out, so rules are silent there, or warn, where they cannot be sure.
   */
  readonly complete: boolean;
  /** Folder of the repository that the files' paths start from: `dist`, or '' for its root. */
  readonly folder: string;
  /** Whether somebody else's tree runs our relay, and is held to its promises. */
  readonly relay?: boolean;
  /** Whether the repository has a file or folder of this path; absent where only the documents are known. */
  readonly has?: (path: string) => boolean;
}

/** The rendered tree of an environment. */
export const RENDERED: Place = { complete: true, folder: 'dist' };

/** Documents that are applied together, indexed. */
export class Tree {
  readonly roots: readonly Field[];
  /** Raw text by file; empty when the caller has none. */
  readonly texts: ReadonlyMap<string, string>;
  readonly place: Place;
  readonly #byKind = new Map<string, Field[]>();
  readonly #byName = new Map<string, Field>();

  constructor(
    documents: readonly Document[],
    texts: ReadonlyMap<string, string> = new Map(),
    place: Place = RENDERED,
  ) {
    this.place = place;
    this.roots = documents.map((document) => new Field(document, [], document.manifest));
    this.texts = texts;
    for (const root of this.roots) {
      const kind = groupKind(root);
      const same = this.#byKind.get(kind);
      if (same === undefined) this.#byKind.set(kind, [root]);
      else same.push(root);
      this.#byName.set(`${kind} ${namespaceOf(root)} ${nameOf(root)}`, root);
    }
  }

  /** Whether it holds everything that its objects refer to. */
  get complete(): boolean {
    return this.place.complete;
  }

  /** What a rule says of a habit that others may have with good reason, and we may not. */
  get doubt(): 'error' | 'warning' {
    return this.complete || this.place.relay === true ? 'error' : 'warning';
  }

  /** All objects of these kinds, as group and kind: `apps/Deployment`, `Service`. */
  of(...kinds: readonly string[]): readonly Field[] {
    return kinds.flatMap((kind) => this.#byKind.get(kind) ?? []);
  }

  /** One object; the namespace is '' for a kind without. */
  find(kind: string, namespace: string, name: string): Field | undefined {
    return this.#byName.get(`${kind} ${namespace} ${name}`);
  }
}

/** `apps/Deployment`, `Service`: the version left out. */
export function groupKind(root: Field): string {
  const { apiVersion, kind } = root.document.manifest;
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? kind : `${apiVersion.slice(0, slash)}/${kind}`;
}

/** Name of an object. */
export function nameOf(root: Field): string {
  return root.at('metadata', 'name').text ?? '';
}

/** Namespace of an object, '' where it has none. */
export function namespaceOf(root: Field): string {
  return root.at('metadata', 'namespace').text ?? '';
}

/** A value of each kind is computed once a tree, however many rules ask for it. */
export function oncePerTree<T>(compute: (tree: Tree) => T): (tree: Tree) => T {
  const known = new WeakMap<Tree, { readonly value: T }>();
  return (tree) => {
    let entry = known.get(tree);
    if (entry === undefined) known.set(tree, (entry = { value: compute(tree) }));
    return entry.value;
  };
}
