/** Strict schemas of custom resources, from CustomResourceDefinitions. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { DEFAULT_NAME } from './known.ts';
import { child, isSchema, mapValues, type Schema } from './schema.ts';

/** Metadata of any object, as the native kinds have it. */
const METADATA: Schema = {
  allOf: [{ $ref: 'kubernetes#/$defs/meta.v1.ObjectMeta' }],
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', ...DEFAULT_NAME } },
};

/** Keywords whose subschemas only constrain values that are described elsewhere: they stay open. */
const CONSTRAINTS = ['allOf', 'anyOf', 'oneOf', 'not'];

/** Prose, defaults, and what the API server does with lists and maps. */
const DROPPED = /^(description|default|example|externalDocs|nullable|x-kubernetes-.*)$/;

/** Rules in CEL; kept as they are, without those that compare with an older version of the object. */
const VALIDATIONS = 'x-kubernetes-validations';

/** The kinds that CRD files define, in their served versions: `group/version/Kind` and its schema. */
export function crdSchemas(files: readonly string[]): ReadonlyMap<string, Schema> {
  const schemas = new Map<string, Schema>();
  for (const file of files) {
    const crd: unknown = parse(readFileSync(file, 'utf8'));
    const spec = isSchema(crd) ? child(crd, 'spec') : {};
    const kind = child(spec, 'names')['kind'];
    const versions: readonly unknown[] = Array.isArray(spec['versions']) ? spec['versions'] : [];
    for (const version of versions.filter(isSchema)) {
      if (version['served'] !== true) continue;
      const schema = strict(child(version, 'schema', 'openAPIV3Schema'));
      const properties = child(schema, 'properties');
      schemas.set(`${String(spec['group'])}/${String(version['name'])}/${String(kind)}`, {
        ...schema,
        required: ['apiVersion', 'kind', 'metadata', 'spec'],
        properties: { ...properties, metadata: METADATA, ...('status' in properties ? { status: {} } : {}) },
      });
    }
  }
  return schemas;
}

/** Go's expressions know more than JavaScript's, such as (?i) in the middle; what we cannot try we do not check. */
function isUnusable(keyword: string, value: unknown): boolean {
  if (keyword !== 'pattern') return false;
  try {
    return new RegExp(String(value)).source === '';
  } catch {
    return true;
  }
}

function strict(schema: Schema): Schema {
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  const properties = mapValues(schema['properties'], strict);
  const isClosed =
    Object.keys(properties).length > 0 && schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return {
    ...Object.fromEntries(
      Object.entries(schema).filter(
        ([keyword, value]) =>
          !DROPPED.test(keyword) && !CONSTRAINTS.includes(keyword) && !isUnusable(keyword, value),
      ),
    ),
    ...(isIntOrString ? { type: ['integer', 'string'] } : {}),
    ...(schema['nullable'] === true ? { type: [schema['type'], 'null'] } : {}),
    ...(schema['x-kubernetes-list-type'] === 'set' ? { uniqueItems: true } : {}),
    ...validations(schema[VALIDATIONS]),
    ...(isSchema(schema['items']) ? { items: strict(schema['items']) } : {}),
    ...('properties' in schema ? { properties } : {}),
    ...(isClosed ? { additionalProperties: false } : {}),
    ...(isSchema(schema['additionalProperties'])
      ? { additionalProperties: strict(schema['additionalProperties']) }
      : {}),
    // An int-or-string says so in anyOf too.
    ...Object.fromEntries(
      CONSTRAINTS.filter((key) => key in schema && !(isIntOrString && key === 'anyOf')).map((key) => [
        key,
        schema[key],
      ]),
    ),
  };
}

function validations(rules: unknown): Schema {
  const kept = (Array.isArray(rules) ? rules : [])
    .filter(isSchema)
    .filter(({ rule }) => !String(rule).includes('oldSelf'))
    .map(({ rule, message }) => ({ rule, message }));
  return kept.length > 0 ? { [VALIDATIONS]: kept } : {};
}
