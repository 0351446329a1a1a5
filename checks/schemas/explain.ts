import type { Manifest, Path } from '../field.ts';
import { nearest } from '../nearest.ts';
import type { Schema, SchemaError } from './json-schema.ts';

/** A validation error in words: where, what is wrong, and what would be right. */
export interface Explanation {
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** Says what an error means for the manifest in which it was found. */
export function explain(error: SchemaError, manifest: Manifest): Explanation {
  const { path, schema, keyword, name = '' } = error;
  const limit = schema[keyword];
  const found = short(JSON.stringify(error.value));
  const at = [...path, name];
  switch (keyword) {
    case 'additionalProperties': {
      const near = nearest(name, Object.keys(propertiesOf(schema))).join(', ');
      return {
        path: at,
        message: `unknown field "${name}"`,
        remedy: near === '' ? 'Remove it.' : `Known here: ${near}.`,
      };
    }
    case 'required':
      return { path: at, message: `the field "${name}" is missing`, remedy: lookUp(manifest, at) };
    case 'propertyNames':
      return { path: at, message: `"${name}" is no valid key here`, remedy: lookUp(manifest, path) };
    case 'x-kubernetes-validations':
      return { path, message: name, remedy: lookUp(manifest, path) };
    case 'type': {
      const wanted = [limit].flat().join(' or ');
      const quotable = wanted === 'string' && ['number', 'boolean'].includes(typeof error.value);
      return {
        path,
        message: `expected ${wanted}, found ${found}`,
        remedy: quotable ? `Quote it: "${String(error.value)}".` : lookUp(manifest, path),
      };
    }
    case 'enum':
      return {
        path,
        message: `${found} is not one of the known values`,
        remedy: `Use ${[limit].flat().join(', ')}.`,
      };
    case 'format':
      return {
        path,
        message: `${found} is no ${String(limit)}`,
        remedy: EXAMPLES[String(limit)] ?? lookUp(manifest, path),
      };
    default:
      return {
        path,
        message: `${found} ${WORDS[keyword]?.(String(limit)) ?? 'is not valid'}`,
        remedy: lookUp(manifest, path),
      };
  }
}

/** What a limit asks for, in words. */
const WORDS: Readonly<Record<string, (limit: string) => string>> = {
  pattern: (limit) => `does not match ${limit}`,
  minimum: (limit) => `must be >= ${limit}`,
  maximum: (limit) => `must be <= ${limit}`,
  minLength: (limit) => `must have at least ${limit} characters`,
  maxLength: (limit) => `must have at most ${limit} characters`,
  minItems: (limit) => `must have at least ${limit} items`,
  maxItems: (limit) => `must have at most ${limit} items`,
  uniqueItems: () => 'must not name an item twice',
  anyOf: () => 'is none of the forms that are allowed here',
  oneOf: () => 'must be exactly one of the forms that are allowed here',
};

const EXAMPLES: Readonly<Record<string, string>> = {
  quantity: 'Write a number with a suffix, such as 100m, 512Mi or 5Gi.',
  cidr: 'Write an address and a prefix, such as 10.0.0.0/8 or fd00::/8.',
  byte: 'Encode it with base64, or use stringData.',
  'date-time': 'Write it as RFC 3339 has it: 2026-01-02T15:04:05Z.',
};

/** Where upstream describes the field. */
function lookUp({ kind }: Manifest, path: Path): string {
  const fields = path.filter((key) => typeof key === 'string');
  return `See: kubectl explain ${[kind.toLowerCase(), ...fields].join('.')}`;
}

function short(text: string | undefined): string {
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function propertiesOf({ properties }: Schema): object {
  return typeof properties === 'object' && properties !== null ? properties : {};
}
