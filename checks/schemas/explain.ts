import type { ErrorObject } from 'ajv';
import type { Manifest, Path } from '../field.ts';

/** A validation error in words: where, what is wrong, and what would be right. */
export interface Explanation {
  readonly path: Path;
  readonly message: string;
  readonly remedy: string;
}

/** Most field names that a message offers. */
const OFFERED = 3;

/** Says what an error of Ajv (with `verbose`) means for the manifest in which it was found. */
export function explain(error: ErrorObject, manifest: Manifest): Explanation {
  const place = pathOf(error.instancePath, manifest);
  const parameters: Readonly<Record<string, unknown>> = error.params;
  const text = (name: string) => String(parameters[name]);
  const found = JSON.stringify(error.data);
  switch (error.keyword) {
    case 'additionalProperties': {
      const field = text('additionalProperty');
      const near = nearest(field, propertiesOf(error.parentSchema));
      const path = [...place, field];
      return {
        path,
        message: `unknown field "${field}"`,
        remedy: near === '' ? 'Remove it.' : `Known here: ${near}.`,
      };
    }
    case 'required': {
      const field = text('missingProperty');
      return {
        path: [...place, field],
        message: `the field "${field}" is missing`,
        remedy: lookUp(manifest, [...place, field]),
      };
    }
    case 'type': {
      const wanted = [parameters['type']].flat().join(' or ');
      const quotable = wanted === 'string' && ['number', 'boolean'].includes(typeof error.data);
      return {
        path: place,
        message: `expected ${wanted}, found ${short(found)}`,
        remedy: quotable ? `Quote it: "${String(error.data)}".` : lookUp(manifest, place),
      };
    }
    case 'enum': {
      const allowed = Array.isArray(parameters['allowedValues']) ? parameters['allowedValues'] : [];
      return {
        path: place,
        message: `${short(found)} is not one of the known values`,
        remedy: `Use ${allowed.join(', ')}.`,
      };
    }
    case 'propertyNames': {
      const key = text('propertyName');
      return {
        path: [...place, key],
        message: `"${key}" is no valid key here`,
        remedy: lookUp(manifest, place),
      };
    }
    case 'format':
      return {
        path: place,
        message: `${short(found)} is no ${text('format')}`,
        remedy: EXAMPLES[text('format')] ?? lookUp(manifest, place),
      };
    case 'pattern':
      return {
        path: place,
        message: `${short(found)} does not match ${text('pattern')}`,
        remedy: lookUp(manifest, place),
      };
    default:
      return {
        path: place,
        message: `${short(found)} ${error.message ?? 'is not valid'}`,
        remedy: lookUp(manifest, place),
      };
  }
}

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

/** A JSON pointer as keys and, in lists, indexes. */
function pathOf(pointer: string, manifest: Manifest): Path {
  const path: (string | number)[] = [];
  let value: unknown = manifest;
  for (const part of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    const key = Array.isArray(value) ? Number(name) : name;
    path.push(key);
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  return path;
}

function propertiesOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return [];
  return typeof schema.properties === 'object' && schema.properties !== null
    ? Object.keys(schema.properties)
    : [];
}

/** The names nearest to a mistyped one, the nearest first. */
function nearest(name: string, known: readonly string[]): string {
  return known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, OFFERED)
    .map(({ candidate }) => candidate)
    .join(', ');
}

/** Levenshtein's: insertions, deletions and substitutions that turn one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, left] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, right] of Array.from(b).entries()) {
      next.push(
        Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (left === right ? 0 : 1)),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
