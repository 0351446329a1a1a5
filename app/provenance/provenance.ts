/**
 * Where a rendered field comes from: the line that writes it, and the inputs that it depends on. The inputs are
 * found by trying: each is given other valid values, everything is rendered anew, and what then differs depends
 * on it. So nothing has to be written down by hand, and nothing can be forgotten.
 */
import type { Path } from '../../checks/field.ts';
import { changedFields, fieldsOf, fieldSteps, fieldTextAt, isWithin } from '../../render/fields.ts';
import { objectsIn, treeObject, type TreeObject } from '../../render/objects.ts';
import type { TreeFile } from '../../render/tree.ts';
import type { Environment } from '../environment.ts';
import { environmentInput } from '../load-environments.ts';
import { renderEnvironment } from '../render-environment.ts';
import { type Input, inputsOf } from './inputs.ts';
import type { Place } from './place.ts';
import { lineOfField, type Module, moduleAt, withImports } from './source-lines.ts';

export type { Input } from './inputs.ts';
export type { Place } from './place.ts';

/** Where a field, or an object as a whole, comes from. */
export interface Origin {
  /** The line that writes it; for an encrypted Secret the file that is copied. */
  readonly construct: Place;
  /** What it depends on; the one with the fewest other effects first. Empty for what is the same everywhere. */
  readonly inputs: readonly Input[];
}

/** An object as it is rendered, and its file. */
export interface RenderedObject extends TreeObject {
  readonly source: string;
}

/** Other values of one input that are tried; the first that the settings allow. */
const TRIED = 3;

/**
 * The provenance of an environment. Costs a few hundred milliseconds, so it is asked for only where something is
 * to be explained.
 *
 * @param root folder of the repository
 */
export async function provenanceOf(root: string, environment: Environment): Promise<Provenance> {
  return new Provenance(root, environment, await environmentInput(root, environment.file));
}

export class Provenance {
  readonly #root: string;
  readonly #objects: ReadonlyMap<string, RenderedObject>;
  readonly #sources: ReadonlySet<string>;
  /** Each object as JSON: most are the same in every variant. */
  readonly #json: ReadonlyMap<string, string>;
  /** By key of the object and text of the field, '' for the object as a whole. */
  readonly #effects = new Map<string, Map<string, Input[]>>();
  readonly #breadth = new Map<Input, number>();
  /** All that the environment is rendered from. */
  readonly inputs: readonly Input[];

  constructor(root: string, environment: Environment, given: unknown) {
    this.#root = root;
    const base = renderEnvironment(environment);
    this.#objects = renderedObjects(base);
    this.#sources = new Set(base.map(({ source }) => source));
    this.#json = new Map([...this.#objects].map(([key, { manifest }]) => [key, JSON.stringify(manifest)]));
    const variable = inputsOf(root, environment, given);
    this.inputs = variable.map(({ input }) => input);
    for (const { input, variants } of variable) {
      let tried = 0;
      for (const variant of variants()) {
        const files = tryToRender(variant);
        if (files === undefined) continue;
        this.#compare(input, renderedObjects(files));
        if ((tried += 1) === TRIED) break;
      }
    }
  }

  /** All objects, by key (`Deployment/email-relay/email-relay`). */
  get objects(): ReadonlyMap<string, RenderedObject> {
    return this.#objects;
  }

  /** Keys of all objects, and of those that other values of an input would bring. */
  get keys(): ReadonlySet<string> {
    return new Set([...this.#objects.keys(), ...this.#effects.keys()]);
  }

  /** The fields of an object, and those that other values of an input would bring. */
  fieldsOf(key: string): string[] {
    const rendered = fieldsOf(this.#objects.get(key)?.manifest ?? {}).keys();
    return [...new Set([...rendered, ...(this.#effects.get(key)?.keys() ?? [])])].filter(Boolean);
  }

  /** Where a field of a finding comes from: of the object in this file, at this path of keys and indexes. */
  ofPath(file: string, object: TreeObject['manifest'], path: Path): Origin {
    return this.of(treeObject(file, object).key, fieldTextAt(object, path));
  }

  /**
   * Where a field comes from, or what is not there and could be: then the inputs are those that would bring it.
   *
   * @param key of the object
   * @param field text of its path, as `fieldsOf` gives it; all fields below it count; '' for the whole object
   */
  of(key: string, field = ''): Origin {
    const inputs = new Set(this.#effects.get(key)?.get('') ?? []);
    for (const [changed, by] of this.#effects.get(key) ?? []) {
      if (field === '' || isWithin(changed, field)) for (const input of by) inputs.add(input);
    }
    const breadth = (input: Input): number => this.#breadth.get(input) ?? 0;
    return {
      construct: this.#line(key, field),
      inputs: [...inputs].toSorted((a, b) => breadth(a) - breadth(b)),
    };
  }

  /** The fields that depend on an input, as `key field`; an object that comes or goes with it as `key`. */
  effectsOf(name: string): Set<string> {
    const found = new Set<string>();
    for (const [key, fields] of this.#effects) {
      for (const [field, inputs] of fields) {
        if (inputs.some((input) => input.name === name)) found.add(`${key} ${field}`.trim());
      }
    }
    return found;
  }

  #compare(input: Input, variant: ReadonlyMap<string, RenderedObject>): void {
    for (const [key, object] of this.#objects) {
      const other = variant.get(key);
      if (other === undefined) this.#record(input, key, '');
      else if (this.#json.get(key) !== JSON.stringify(other.manifest)) {
        for (const { field } of changedFields(object.manifest, other.manifest))
          this.#record(input, key, field);
      }
    }
    for (const key of variant.keys()) if (!this.#objects.has(key)) this.#record(input, key, '');
  }

  #record(input: Input, key: string, field: string): void {
    const fields = this.#effects.get(key) ?? new Map<string, Input[]>();
    this.#effects.set(key, fields);
    const inputs = fields.get(field) ?? [];
    fields.set(field, inputs);
    if (inputs.includes(input)) return;
    inputs.push(input);
    this.#breadth.set(input, (this.#breadth.get(input) ?? 0) + 1);
  }

  #line(key: string, field: string): Place {
    const object = this.#objects.get(key);
    if (object === undefined) return { file: 'app/charts' };
    const { source } = object;
    if (!source.endsWith('.ts')) return { file: source };
    const { own, guests } = this.#modules(object);
    const steps = field === '' ? ['metadata'] : fieldSteps(field);
    const property = lineOfField(this.#root, [...own, ...guests], steps, guests.length);
    return property === undefined ? { file: source } : { file: property.file, line: property.line };
  }

  /** The files that may write a field of an object: its construct with all imports, and what its chart adds. */
  #modules({ source, file }: RenderedObject): { own: Module[]; guests: Module[] } {
    const name = file.split('/').at(-1) ?? '';
    const charts = [...moduleAt(this.#root, 'app/render-environment.ts').imports.values()].filter((path) =>
      moduleAt(this.#root, path).strings.has(name),
    );
    const own = withImports(this.#root, [source], WRITERS);
    const guests = withImports(this.#root, charts, WRITERS).filter(
      (module) => !own.includes(module) && !this.#sources.has(module.file),
    );
    return { own, guests };
  }
}

/** Folders whose files write fields. */
const WRITERS = /^(constructs|flux|app\/charts)\/|^relay-src\/[^/]+\/contract\.ts$/;

/** The objects of a render by key. */
export function renderedObjects(files: readonly TreeFile[]): Map<string, RenderedObject> {
  const objects = files.flatMap((file) => {
    const { path, source } = file;
    const found =
      file.kind === 'manifests'
        ? file.objects.map((object) => treeObject(path, object))
        : copiedObjects(path, file.bytes);
    return found.map((object) => ({ ...object, source }));
  });
  return new Map(objects.map((object) => [object.key, object]));
}

/** Read once: each variant copies the same files. */
const copied = new WeakMap<Uint8Array, TreeObject[]>();

function copiedObjects(path: string, bytes: Uint8Array): TreeObject[] {
  let objects = copied.get(bytes);
  if (objects === undefined)
    copied.set(bytes, (objects = objectsIn(path, Buffer.from(bytes).toString('utf8'))));
  return objects;
}

/** A combination that the charts refuse tells nothing. */
function tryToRender(environment: Environment): TreeFile[] | undefined {
  try {
    return renderEnvironment(environment);
  } catch {
    return undefined;
  }
}
