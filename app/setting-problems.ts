/** Validates what an environment file exports, and says what is wrong in words that a person can act on. */
import { z } from 'zod';
import { members, meta, schemaAt, unwrap } from './schema-tree.ts';
import { impossibleCombinations, type SettingProblem } from './setting-combinations.ts';
import { schema, type Settings } from './settings.ts';

export function parseSettings(input: unknown): { settings: Settings } | { problems: SettingProblem[] } {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(describeIssue) };
  const problems = impossibleCombinations(parsed.data);
  return problems.length > 0 ? { problems } : { settings: parsed.data };
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

function describeIssue(issue: Issue): SettingProblem[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path);
    return issue.keys.map((key) => ({
      path: [...issue.path, key].join('.'),
      message: `unknown setting; known here: ${known.join(', ')}`,
    }));
  }
  const isWrongKind = issue.code === 'invalid_union' && 'discriminator' in issue;
  const input: unknown = isWrongKind ? Object(issue.input)['kind'] : issue.input;
  const expected = isWrongKind ? `expected ${kinds(issue.path).join(' or ')}` : expectation(issue);
  if (input === undefined) {
    const description = meta(schemaAt(schema, issue.path) ?? schema).description;
    return [{ path, message: `missing; ${expected}${description === undefined ? '' : ` (${description})`}` }];
  }
  return [{ path, message: `got ${show(input)}; ${expected}` }];
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

function knownKeys(path: readonly PropertyKey[]): string[] {
  return Object.keys(members(schemaAt(schema, path) ?? schema) ?? {});
}

/** The values of `kind` that a union knows. zod reports a wrong kind at the path of `kind` itself. */
function kinds(path: readonly PropertyKey[]): string[] {
  const union = unwrap(schemaAt(schema, path.slice(0, -1)) ?? schema).inner;
  if (!(union instanceof z.ZodDiscriminatedUnion)) return [];
  return union.def.options
    .map((option) => members(option)?.['kind'])
    .filter((kind) => kind instanceof z.ZodLiteral)
    .flatMap((kind) => kind.def.values.map(show));
}
