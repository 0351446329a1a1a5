/** What is wrong with an input, in words that a person can act on: the path, what stands there, what would be right. */
import { z } from 'zod';
import { members, meta, schemaAt, unwrap, type Schema } from './tree.ts';

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
  return { problems: parsed.error.issues.flatMap((issue) => describeIssue(schema, issue)) };
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

function describeIssue(schema: Schema, issue: Issue): SettingProblem[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      message: `unknown setting; known here: ${known.join(', ')}`,
    }));
  }
  const isWrongKind = issue.code === 'invalid_union' && 'discriminator' in issue;
  const input: unknown = isWrongKind ? Object(issue.input)['kind'] : issue.input;
  const expected = isWrongKind ? `expected ${kinds(schema, issue.path).join(' or ')}` : expectation(issue);
  if (input === undefined) {
    const { description } = meta(schemaAt(schema, issue.path) ?? schema);
    return [{ path, message: `missing; ${expected}${description === undefined ? '' : ` (${description})`}` }];
  }
  const { secret } = meta(schemaAt(schema, issue.path) ?? schema);
  return [{ path, message: `got ${secret ? 'a value that is not shown' : show(input)}; ${expected}` }];
}

/** Our types bring their own messages ("expected …"); zod's own for a wrong type do not say what would be right. */
function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type' && !issue.message.startsWith('expected')) {
    return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
  }
  return issue.message;
}

/** The value as the user wrote it, without the credentials of a URL: errors end up in CI logs. */
function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).replaceAll(/\/\/[^/@\s]*@/g, '//…@');
}

function knownKeys(schema: Schema, path: readonly PropertyKey[]): string[] {
  return Object.keys(members(schemaAt(schema, path) ?? schema) ?? {});
}

/** The values of `kind` that a union knows. zod reports a wrong kind at the path of `kind` itself. */
function kinds(schema: Schema, path: readonly PropertyKey[]): string[] {
  const union = unwrap(schemaAt(schema, path.slice(0, -1)) ?? schema).inner;
  if (!(union instanceof z.ZodDiscriminatedUnion)) return [];
  return union.def.options
    .map((option) => members(option)?.['kind'])
    .filter((kind) => kind instanceof z.ZodLiteral)
    .flatMap((kind) => kind.def.values.map(show));
}
