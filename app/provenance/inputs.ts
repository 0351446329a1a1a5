/** What an environment is rendered from: settings, image references, secrets, its name; each with other values. */
import { parseSettings } from '../setting-problems.ts';
import { meta, members, type Schema, unwrap, variantsOf } from '../../relay-src/schema/tree.ts';
import { schema } from '../settings.ts';
import type { Environment } from '../environment.ts';
import { z } from 'zod';
import { alternatives } from './alternatives.ts';
import type { Place } from './place.ts';
import { lineOfField, moduleAt, type Property, propertyAt, withImports } from './source-lines.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Something that a person says, or a default that holds because nothing was said. */
export interface Input {
  readonly kind: 'setting' | 'image' | 'secret' | 'environment';
  /** `mailpit.maxAge`; the name of an image or a secret; `name` for the environment's own. */
  readonly name: string;
  /** As it is written; undefined for a setting that has no default. */
  readonly value: unknown;
  /** True where the environment's file does not say it. */
  readonly isDefault: boolean;
  /** Where it is said, or the default is. */
  readonly place: Place;
  /** What it means. */
  readonly description?: string;
  /** Why its default is what it is. */
  readonly reason?: string;
}

/** An input, and the environment with other values of it. */
export interface VariableInput {
  readonly input: Input;
  readonly variants: () => Iterable<Environment>;
}

/** Where settings come from when an environment's file does not say them. */
const SETTINGS = 'app/settings.ts';

/**
 * Every input of an environment.
 *
 * @param root folder of the repository
 * @param given what the environment's file exports
 */
export function inputsOf(root: string, environment: Environment, given: unknown): VariableInput[] {
  return [
    ...settingInputs(root, environment, given),
    ...imageInputs(root, environment),
    ...secretInputs(environment),
    {
      input: {
        kind: 'environment',
        name: 'name',
        value: environment.name,
        isDefault: false,
        place: { file: environment.file },
        description: "the environment's name, which is its file's",
      },
      variants: () => [{ ...environment, name: `${environment.name}-x` }],
    },
  ];
}

interface Leaf {
  readonly path: readonly string[];
  readonly node: Schema;
  /** The path that an alternative is put at: the union's, for the kind of one. */
  readonly at: readonly string[];
  readonly fallback: unknown;
}

function settingInputs(root: string, environment: Environment, given: unknown): VariableInput[] {
  const file = moduleAt(root, environment.file);
  const sources = withImports(root, [SETTINGS], /^(app\/[\w-]*setting[\w-]*\.ts$|relay-src\/)/);
  const whole = withKinds(schema, given);
  // With another delivery another container runs, whose image nobody has named yet.
  const images = { outbox: 'outbox', smtp2graph: 'smtp2graph', ...environment.images };
  return [...leavesOf(schema, [], whole)].map(({ path, node, at, fallback }) => {
    const said = valueAt(given, path);
    const isDefault = said === undefined;
    const place = isDefault ? lineOfField(root, sources, path) : placeIn(file, path);
    return {
      input: {
        kind: 'setting',
        name: path.join('.'),
        value: said ?? fallback,
        isDefault,
        place: place === undefined ? { file: environment.file } : { file: place.file, line: place.line },
        ...meta(node),
      },
      *variants() {
        for (const alternative of alternatives(node, valueAt(whole, at) ?? fallback)) {
          const result = parseSettings(withValue(whole, at, alternative));
          if ('settings' in result) yield { ...environment, images, settings: result.settings };
        }
      },
    };
  });
}

/** The settings with every union of kinds said, so that what lies in one can be changed. */
function withKinds(node: Schema, given: unknown): unknown {
  const { inner, fallback } = unwrap(node);
  if (inner instanceof z.ZodDiscriminatedUnion) return given ?? fallback;
  const children = members(node);
  if (children === undefined) return given;
  const entries = Object.entries(children).map(([key, child]) => [key, withKinds(child, Object(given)[key])]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function* leavesOf(node: Schema, path: readonly string[], given: unknown): Generator<Leaf> {
  const { inner, fallback } = unwrap(node);
  const below = function* (parent: Schema): Generator<Leaf> {
    for (const [key, child] of Object.entries(members(parent) ?? {})) {
      yield* leavesOf(child, [...path, key], Object(given)[key]);
    }
  };
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const kind: unknown = Object(given)['kind'];
    yield { path: [...path, 'kind'], node, at: path, fallback: kind };
    const variant = variantsOf(node).find(
      (one) => one.kind === kind || (kind === undefined && one.isDefault),
    );
    for (const leaf of below(variant?.schema ?? inner))
      if (leaf.path.length > path.length + 1 || leaf.path.at(-1) !== 'kind') yield leaf;
  } else if (members(node) === undefined) yield { path, node, at: path, fallback };
  else yield* below(node);
}

/** The line that says a setting, or the closest one around it. */
function placeIn(module: Parameters<typeof propertyAt>[0], path: readonly string[]): Property | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const property = propertyAt(module, path.slice(0, length));
    if (property !== undefined) return property;
  }
  return undefined;
}

function valueAt(given: unknown, path: readonly string[]): unknown {
  return path.reduce((value: unknown, key) => Object(value)[key], given);
}

/** The settings with another value at a path. */
function withValue(given: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  return { ...Object(given), [key]: withValue(Object(given)[key], rest, value) };
}

function imageInputs(root: string, environment: Environment): VariableInput[] {
  const file = `app/images/${environment.name}.yaml`;
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return Object.entries(environment.images).map(([name, reference]) => ({
    input: {
      kind: 'image',
      name,
      value: reference,
      isDefault: false,
      place: { file, line: lines.findIndex((line) => line.startsWith(`${name}:`)) + 1 },
      description: `the image of the container ${name}`,
    },
    variants: () => [{ ...environment, images: { ...environment.images, [name]: `${reference}-x` } }],
  }));
}

function secretInputs(environment: Environment): VariableInput[] {
  return [...environment.secrets].map(([name, file]) => ({
    input: {
      kind: 'secret',
      name,
      value: file.source,
      isDefault: false,
      place: { file: file.source },
      description: 'the encrypted Secret, whose hash makes the pod restart when it changes',
    },
    variants: () => [
      {
        ...environment,
        secrets: new Map(environment.secrets).set(name, { ...file, bytes: Buffer.from(`${name}-x`) }),
      },
    ],
  }));
}
