/** What is wrong with an input, in words that a person can act on: the path, what stands there, what would be right. */
import type { z } from 'zod';
import { members, meta, schemaAt, type Schema, variantsOf } from './tree.ts';

/** A setting that is wrong: `path` is dotted ("storage.class"), `message` says what is wrong and what would be right. */
export interface SettingProblem {
  readonly path: string;
  readonly message: string;
}

/** The value that the schema makes of an input, or every problem with it. */
export function parseInput<T extends z.ZodType>(
  schema: T,
  input: unknown,
): { value: z.output<T> } | { problems: SettingProblem[] } {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return { value: parsed.data };
  return { problems: parsed.error.issues.flatMap((issue) => describeIssue(schema, issue, input)) };
}

type Issue = z.core.$ZodIssue;

const TYPE_NAMES: Record<string, string> = {
  array: 'a list, [ … ]',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object, { … }',
  record: 'an object, { … }',
  string: 'text in quotes',
};

function describeIssue(schema: Schema, issue: Issue, whole: unknown): SettingProblem[] {
  const path = issue.path.join('.');
  const node = schemaAt(schema, issue.path, whole) ?? schema;
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(members(node, issue.input) ?? {});
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      message: `unknown setting; known here: ${known.join(', ')}`,
    }));
  }
  // A rule across members has the whole object as its input, secrets included.
  if (issue.code === 'custom' && isObject(issue.input)) return [{ path, message: issue.message }];
  const isWrongKind = issue.code === 'invalid_union' && 'discriminator' in issue;
  const input: unknown = isWrongKind ? Object(issue.input)['kind'] : issue.input;
  const expected = isWrongKind
    ? `expected ${kinds(schema, issue.path, whole).join(' or ')}`
    : expectation(issue);
  if (input === undefined) {
    const { description } = meta(node);
    return [{ path, message: `missing; ${expected}${description === undefined ? '' : ` (${description})`}` }];
  }
  const { secret } = meta(node);
  return [{ path, message: `got ${secret ? 'a value that is not shown' : show(input)}; ${expected}` }];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Our types bring their own messages ("expected …"); zod's own for a wrong type do not say what would be right. */
function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type' && !issue.message.startsWith('expected')) {
    return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'invalid_value' && !issue.message.startsWith('expected')) {
    return `expected ${issue.values.map(show).join(' or ')}`;
  }
  return issue.message;
}

/** The value as the user wrote it, without the credentials of a URL: errors end up in CI logs. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).replaceAll(/\/\/[^/@\s]*@/g, '//…@');
}

/** The values of `kind` that a union knows. zod reports a wrong kind at the path of `kind` itself. */
function kinds(schema: Schema, path: readonly PropertyKey[], whole: unknown): string[] {
  const union = schemaAt(schema, path.slice(0, -1), whole) ?? schema;
  return variantsOf(union).map(({ kind }) => show(kind));
}
