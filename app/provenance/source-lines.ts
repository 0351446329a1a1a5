/**
 * Which line of the sources writes a field. The sources say the shape of an object in object literals, so a field
 * is found by its keys: `spec.containers[mailpit].env[MP_MAX_AGE].value` is made by the property `MP_MAX_AGE`
 * inside `env` of the literal whose `name` is `mailpit`.
 */
import { parse } from '@babel/parser';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import type { FieldStep } from '../../render/fields.ts';

/** A property of an object literal. */
export interface Property {
  readonly file: string;
  readonly line: number;
  /** Keys of the literals around it and its own, the `name` of a literal included (`{ id }`). */
  readonly keys: readonly Key[];
  /** The constant that the outermost literal is bound to. */
  readonly constant: string | undefined;
  /** Its value, where that is written out. */
  readonly text: string | undefined;
}

/** A key as text, the name of the literal around, a constant's member (`[environment.hostname]`), or a pattern. */
type Key =
  | string
  | { readonly id: string }
  | { readonly constant: string; readonly member: string }
  | { readonly pattern: RegExp };

export interface Module {
  readonly file: string;
  readonly properties: readonly Property[];
  /** Files of the repository that it imports, by the names that it imports from them. */
  readonly imports: ReadonlyMap<string, string>;
  /** Lines of its string literals, by text. */
  readonly strings: ReadonlyMap<string, number>;
}

interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } };
  readonly [property: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

const modules = new Map<string, Module>();

/** A source file, read once. @param file relative to `root` */
export function moduleAt(root: string, file: string): Module {
  const path = join(root, file);
  let module = modules.get(path);
  if (module === undefined) modules.set(path, (module = readModule(root, file)));
  return module;
}

function readModule(root: string, file: string): Module {
  const properties: Property[] = [];
  const imports = new Map<string, string>();
  const strings = new Map<string, number>();
  const source = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';

  function visit(value: unknown, keys: readonly Key[], constant: string | undefined): void {
    if (Array.isArray(value)) for (const item of value) visit(item, keys, constant);
    if (!isNode(value)) return;
    if (value.type === 'ImportDeclaration') return addImports(value);
    if (value.type === 'StringLiteral') strings.set(String(value['value']), lineOf(value));
    if (value.type === 'ObjectExpression') return visitLiteral(value, keys, constant);
    const bound =
      value.type === 'VariableDeclarator' && isNode(value['id']) ? value['id']['name'] : undefined;
    for (const [name, child] of Object.entries(value)) {
      if (name !== 'loc' && name !== 'leadingComments' && name !== 'trailingComments') {
        visit(child, keys, typeof bound === 'string' ? bound : constant);
      }
    }
  }

  function visitLiteral(literal: Node, keys: readonly Key[], constant: string | undefined): void {
    const members = (Array.isArray(literal['properties']) ? literal['properties'] : []).filter(isNode);
    const name = members
      .filter((member) => keyOf(member) === 'name' || keyOf(member) === 'alert')
      .map((member) => textOf(member['value']))[0];
    const outer = name === undefined ? keys : [...keys, { id: name }];
    for (const member of members) {
      const key = keyOf(member);
      if (key === undefined) {
        visit(member, outer, constant);
        continue;
      }
      const path = [...outer, key];
      properties.push({ file, line: lineOf(member), keys: path, constant, text: textOf(member['value']) });
      visit(member['value'] ?? member['body'], path, constant);
    }
  }

  function addImports(declaration: Node): void {
    const from = textOf(declaration['source']);
    if (from === undefined || !from.startsWith('.')) return;
    const target = join(dirname(file), from);
    for (const specifier of Array.isArray(declaration['specifiers']) ? declaration['specifiers'] : []) {
      const local: unknown =
        isNode(specifier) && isNode(specifier['local']) ? specifier['local']['name'] : '';
      imports.set(String(local), target);
    }
  }

  visit(parse(source, { sourceType: 'module', plugins: ['typescript'] }).program, [], undefined);
  return { file, properties, imports, strings };
}

function lineOf(node: Node): number {
  return node.loc?.start.line ?? 1;
}

/** The key of a property of an object literal; undefined for a spread and for a key that is not readable. */
function keyOf(member: Node): Key | undefined {
  const key = member['key'];
  if (!isNode(key)) return undefined;
  if (member['computed'] !== true) return String(key['name'] ?? key['value']);
  if (key.type === 'TemplateLiteral') return { pattern: patternOf(key) };
  const { object, property } = { object: key['object'], property: key['property'] };
  return key.type === 'MemberExpression' && isNode(object) && isNode(property)
    ? { constant: String(object['name']), member: String(property['name']) }
    : undefined;
}

/** What a template literal can become: its fixed parts, with anything between them. */
function patternOf(template: Node): RegExp {
  const parts = (Array.isArray(template['quasis']) ? template['quasis'] : []).map((part: unknown) => {
    const value: unknown = isNode(part) ? part['value'] : undefined;
    return String(Object(value)['raw']).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('.*')}$`);
}

function textOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'StringLiteral' ? String(value['value']) : undefined;
}

/** These files and all that they import, in the order of the search, below these folders. */
export function withImports(root: string, files: readonly string[], folders: RegExp): Module[] {
  const found = new Map<string, Module>();
  const queue = [...files];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (found.has(file)) continue;
    const module = moduleAt(root, file);
    found.set(file, module);
    queue.push(...[...module.imports.values()].filter((target) => folders.test(target)));
  }
  return [...found.values()];
}

/** The property that is reached by exactly these keys: a setting in an environment's file or in the schema. */
export function propertyAt(module: Module, path: readonly string[]): Property | undefined {
  return module.properties.find(({ keys }) => {
    const plain = keys.filter((key) => typeof key === 'string');
    return plain.length === path.length && plain.every((key, index) => key === path[index]);
  });
}

/**
 * The property that writes a field: the one that reaches deepest into its path, with the most keys in common.
 * The name of a list's item counts for more than a key: `env[MP_MAX_AGE].value` is written by `MP_MAX_AGE: …`, not
 * by the code that makes a list of it.
 *
 * @param path keys, and names of list items
 * @param guests how many files of the list, at its end, only add parts: they cannot write an object's own first
 *   fields (`kind`, `metadata.name`)
 */
export function lineOfField(
  root: string,
  candidates: readonly Module[],
  path: readonly FieldStep[],
  guests = 0,
): Property | undefined {
  let best: { readonly property: Property; readonly score: number } | undefined;
  for (const [index, module] of candidates.entries()) {
    const isGuest = index >= candidates.length - guests;
    for (const property of module.properties) {
      const score = scoreOf(root, module, property, path, isGuest);
      if (score > (best?.score ?? 0)) best = { property, score };
    }
  }
  return best?.property;
}

/** What each agreement of a property with a path is worth; the order of these weights is all that matters. */
const DEPTH = 10;
const NAMED_KEY = 15;
const NAME = 4;
const OWN = 3;
const KEY = 1;
const STRANGER = -12;

function scoreOf(
  root: string,
  module: Module,
  { keys }: Property,
  path: readonly FieldStep[],
  isGuest: boolean,
): number {
  const matches = (key: Key, step: FieldStep): boolean => {
    const name = typeof step === 'string' ? step : step.item;
    if (typeof key === 'string') return key === name;
    if ('id' in key) return key.id === name;
    if ('pattern' in key) return key.pattern.test(name);
    return memberText(root, module, key.constant, key.member) === name;
  };
  let score = isGuest ? 0 : OWN;
  let below = path.length;
  for (const [index, key] of keys.toReversed().entries()) {
    const found = path.slice(0, below).findLastIndex((step) => matches(key, step));
    const step = path[found];
    if (index === 0 && found < (isGuest ? 2 : 0)) return 0;
    if (index === 0) score += found * DEPTH;
    if (step === undefined) score += STRANGER;
    else {
      if (typeof step === 'string') score += KEY;
      else score += typeof key === 'object' && 'id' in key ? NAME : NAMED_KEY;
      below = found;
    }
  }
  return score;
}

/** The text of `environment.hostname`, where `environment` is a constant of an imported file. */
function memberText(root: string, module: Module, constant: string, member: string): string | undefined {
  const file = module.imports.get(constant);
  if (file === undefined) return undefined;
  const { properties } = moduleAt(root, file);
  return properties.find((property) => property.constant === constant && property.keys.at(-1) === member)
    ?.text;
}
