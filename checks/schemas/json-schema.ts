/**
 * A validator for the part of JSON Schema that the committed schemas use. It reads them as they are: a compiler
 * such as Ajv spends half a second on code that then runs for a millisecond. A test compares the two.
 */
import { parse } from '@marcbachmann/cel-js';
import ipaddr from 'ipaddr.js';
import type { Path } from '../field.ts';
import { quantityValue } from '../quantity.ts';

/** A schema as data. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** What does not hold, and where. */
export interface SchemaError {
  readonly keyword: string;
  readonly path: Path;
  readonly value: unknown;
  /** The schema that holds the keyword. */
  readonly schema: Schema;
  /** The field or key that it is about: one that is unknown, missing or ill-formed; of a CEL rule, what it says. */
  readonly name?: string;
}

/** A schema, and what its references mean: `#/$defs/x` is of the file that says it. */
export interface Resolved {
  readonly schema: Schema;
  readonly resolve: Resolve;
}

/** Finds the schema that a reference names. */
export type Resolve = (reference: string) => Resolved;

type Check = (context: Context) => Iterable<SchemaError>;

interface Context {
  readonly operand: unknown;
  readonly schema: Schema;
  readonly value: unknown;
  readonly path: Path;
  readonly resolve: Resolve;
}

/** All errors of a value. Silent about fields below an object that has the wrong type. */
export function* errorsOf(
  schema: Schema,
  value: unknown,
  resolve: Resolve,
  path: Path = [],
): Generator<SchemaError> {
  for (const keyword in schema) {
    const check = KEYWORDS[keyword];
    if (check !== undefined) yield* check({ operand: schema[keyword], schema, value, path, resolve });
  }
}

/** Keywords that are understood. */
export function knowsKeyword(keyword: string): boolean {
  return keyword in KEYWORDS;
}

const KEYWORDS: Readonly<Record<string, Check>> = {
  $ref: ({ operand, value, path, resolve }) => {
    const target = resolve(String(operand));
    return errorsOf(target.schema, value, target.resolve, path);
  },
  allOf: function* ({ operand, value, path, resolve }) {
    for (const schema of schemas(operand)) yield* errorsOf(schema, value, resolve, path);
  },
  anyOf: simple('anyOf', (context) => matching(context) > 0),
  oneOf: simple('oneOf', (context) => matching(context) === 1),
  not: simple('not', ({ operand, value, resolve }) => !isValid(asSchema(operand), value, resolve)),

  type: simple('type', ({ operand, value }) => list(operand).some((type) => hasType(value, type))),
  enum: simple('enum', ({ operand, value }) => list(operand).includes(value)),
  format: simple('format', ({ operand, value }) => FORMATS[String(operand)]?.(value) ?? true),

  pattern: simple(
    'pattern',
    ({ operand, value }) => typeof value !== 'string' || expression(String(operand)).test(value),
  ),
  minLength: simple(
    'minLength',
    ({ operand, value }) => typeof value !== 'string' || length(value) >= Number(operand),
  ),
  maxLength: simple(
    'maxLength',
    ({ operand, value }) => typeof value !== 'string' || length(value) <= Number(operand),
  ),

  minimum: simple('minimum', ({ operand, value }) => typeof value !== 'number' || value >= Number(operand)),
  maximum: simple('maximum', ({ operand, value }) => typeof value !== 'number' || value <= Number(operand)),

  items: function* ({ operand, value, path, resolve }) {
    if (!Array.isArray(value)) return;
    const schema = asSchema(operand);
    for (const [index, item] of value.entries()) yield* errorsOf(schema, item, resolve, [...path, index]);
  },
  minItems: simple(
    'minItems',
    ({ operand, value }) => !Array.isArray(value) || value.length >= Number(operand),
  ),
  maxItems: simple(
    'maxItems',
    ({ operand, value }) => !Array.isArray(value) || value.length <= Number(operand),
  ),
  uniqueItems: simple('uniqueItems', ({ value }) => {
    if (!Array.isArray(value)) return true;
    return new Set(value.map((item) => JSON.stringify(item))).size === value.length;
  }),

  required: function* ({ operand, schema, value, path }) {
    if (!isMap(value)) return;
    for (const name of list(operand).map(String)) {
      if (!Object.hasOwn(value, name)) yield { keyword: 'required', path, value, schema, name };
    }
  },
  properties: function* ({ operand, value, path, resolve }) {
    if (!isMap(value)) return;
    const known = asSchema(operand);
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(known, name))
        yield* errorsOf(asSchema(known[name]), value[name], resolve, [...path, name]);
    }
  },
  additionalProperties: function* ({ operand, schema, value, path, resolve }) {
    if (!isMap(value)) return;
    const known = asSchema(schema['properties']);
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(known, name)) continue;
      if (operand === false) yield { keyword: 'additionalProperties', path, value, schema, name };
      else yield* errorsOf(asSchema(operand), value[name], resolve, [...path, name]);
    }
  },
  propertyNames: function* ({ operand, schema, value, path, resolve }) {
    if (!isMap(value)) return;
    for (const name of Object.keys(value)) {
      if (!isValid(asSchema(operand), name, resolve))
        yield { keyword: 'propertyNames', path, value, schema, name };
    }
  },
  'x-kubernetes-validations': function* ({ operand, schema, value, path }) {
    for (const { rule, message } of schemas(operand)) {
      const name = String(message ?? rule);
      if (!holdsCel(String(rule), value))
        yield { keyword: 'x-kubernetes-validations', path, value, schema, name };
    }
  },
};

/** Forms of strings and numbers; one that is not listed is an annotation only. */
const FORMATS: Readonly<Record<string, (value: unknown) => boolean>> = {
  byte: (value) =>
    typeof value !== 'string' ||
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.replaceAll(/[\r\n]/g, '')),
  'date-time': (value) =>
    typeof value !== 'string' ||
    (/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value))),
  int32: (value) => typeof value !== 'number' || (Number.isInteger(value) && Math.abs(value) <= 2 ** 31),
  int64: (value) => typeof value !== 'number' || Number.isInteger(value),
  quantity: (value) => typeof value !== 'string' || quantityValue(value) !== undefined,
  cidr: (value) => typeof value !== 'string' || ipaddr.isValidCIDR(value),
};

/** A keyword that holds for the value or does not. */
function simple(keyword: string, holds: (context: Context) => boolean): Check {
  return function* (context) {
    const { path, value, schema } = context;
    if (!holds(context)) yield { keyword, path, value, schema };
  };
}

function matching({ operand, value, resolve }: Context): number {
  return schemas(operand).filter((schema) => isValid(schema, value, resolve)).length;
}

function isValid(schema: Schema, value: unknown, resolve: Resolve): boolean {
  return errorsOf(schema, value, resolve).next().done === true;
}

function hasType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isMap(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(operand: unknown): readonly unknown[] {
  return Array.isArray(operand) ? operand : [operand];
}

function schemas(operand: unknown): readonly Schema[] {
  return list(operand).map(asSchema);
}

/** `true` and what is absent allow everything. */
function asSchema(value: unknown): Schema {
  return isMap(value) ? value : {};
}

/** Length in characters, not in UTF-16 units. */
function length(text: string): number {
  return Array.from(text).length;
}

const celRules = new Map<string, (variables: object) => unknown>();

/** Does a rule in CEL hold for `self`? One that cannot be evaluated, say for want of a server's default, does. */
function holdsCel(rule: string, self: unknown): boolean {
  let evaluate = celRules.get(rule);
  if (evaluate === undefined) celRules.set(rule, (evaluate = parse(rule)));
  try {
    return evaluate({ self }) !== false;
  } catch {
    return true;
  }
}

const expressions = new Map<string, RegExp>();

function expression(pattern: string): RegExp {
  let known = expressions.get(pattern);
  if (known === undefined) expressions.set(pattern, (known = new RegExp(pattern)));
  return known;
}
