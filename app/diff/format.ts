/** A diff for a terminal, for a merge request, and for programs. */
import { styleText } from 'node:util';
import type { ObjectChange } from './change.ts';
import { type Consequence, show, type Weight } from './consequence.ts';
import type { Diff, EnvironmentDiff } from './diff.ts';

export type DiffFormat = 'text' | 'markdown' | 'json';

/** Finds its own comment in a merge request, to put the next diff in its place. */
export const COMMENT_MARK = '<!-- email-relay diff -->';

/** Most fields of an object that are printed one by one. */
const PRINTED = 12;

/** @param colours whether escape sequences may be written */
export function formatDiff(diff: Diff, format: DiffFormat, colours: boolean): string {
  if (format === 'json') return `${JSON.stringify(asJson(diff), null, 2)}\n`;
  return format === 'markdown' ? markdown(diff) : text(diff, colours);
}

const STYLES: Readonly<Record<Weight, 'red' | 'yellow' | 'dim'>> = {
  danger: 'red',
  caution: 'yellow',
  note: 'dim',
};
const SIGNS: Readonly<Record<ObjectChange['kind'], string>> = {
  added: '+',
  removed: '-',
  changed: '~',
  moved: '>',
};

function text(diff: Diff, colours: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], line: string): string =>
    colours ? styleText(style, line, { validateStream: false }) : line;
  const lines = [paint('bold', summary(diff))];
  for (const environment of diff.environments) {
    lines.push('', paint('bold', environment.environment));
    for (const { weight, kind, object, says, todo, reference } of environment.consequences) {
      lines.push(`  ${paint(STYLES[weight], `${weight} ${kind}`)}  ${shortKey(object)}: ${says}`);
      if (todo !== undefined) lines.push(`      do: ${todo}`);
      if (weight !== 'note') lines.push(paint('dim', `      ${reference}`));
    }
    for (const change of environment.changes) {
      lines.push(`  ${paint('cyan', SIGNS[change.kind])} ${change.key}  ${paint('dim', fileOf(change))}`);
      for (const { field, before, after } of change.fields.slice(0, PRINTED)) {
        lines.push(`      ${field}: ${paint('red', show(before))} → ${paint('green', show(after))}`);
      }
      if (change.fields.length > PRINTED)
        lines.push(`      … and ${change.fields.length - PRINTED} more fields`);
    }
    for (const file of environment.forms) lines.push(`  ${paint('dim', `# dist/${file}`)}`);
  }
  return `${lines.join('\n')}\n`;
}

function summary({ before, after, environments }: Diff): string {
  if (environments.length === 0) return `${before} and ${after}: no difference`;
  const counts = environments.map(({ environment, changes, forms, consequences }) => {
    const dangers = consequences.filter(({ weight }) => weight === 'danger').length;
    const parts = [
      plural(changes.length, 'object'),
      forms.length > 0 ? plural(forms.length, 'file') : '',
      dangers > 0 ? plural(dangers, 'danger') : '',
    ];
    return `${environment}: ${parts.filter(Boolean).join(', ')}`;
  });
  return `from ${before} to ${after}: ${counts.join('; ')}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function fileOf({ before, after, kind }: ObjectChange): string {
  const file = `dist/${after?.file ?? before?.file ?? ''}`;
  return kind !== 'removed' && before !== undefined && before.file !== after?.file
    ? `${file}, from dist/${before.file}`
    : file;
}

/** `Deployment/email-relay`: the namespace says little where there is one. */
function shortKey(key: string): string {
  const parts = key.split('/');
  return parts.length === 3 && /^[A-Z]/.test(key) ? `${parts[0]}/${parts[2]}` : key;
}

const BADGES: Readonly<Record<Weight, string>> = { danger: '🔴', caution: '🟡', note: '⚪' };

function markdown(diff: Diff): string {
  const lines = [COMMENT_MARK, `### What changes in the cluster`, '', inline(summary(diff)), ''];
  for (const environment of diff.environments) lines.push(...environmentSection(environment));
  return lines.join('\n');
}

function environmentSection({ environment, changes, forms, consequences }: EnvironmentDiff): string[] {
  return [
    `#### ${inline(environment)}`,
    '',
    ...consequences.map(consequenceItem),
    '',
    `<details><summary>${plural(changes.length, 'object')}</summary>`,
    '',
    ...changes.flatMap((change) => [
      `- ${SIGNS[change.kind]} ${code(change.key)} in ${code(fileOf(change))}`,
      ...change.fields
        .slice(0, PRINTED)
        .map(
          ({ field, before, after }) => `  - ${code(field)}: ${code(show(before))} → ${code(show(after))}`,
        ),
      ...(change.fields.length > PRINTED ? [`  - … and ${change.fields.length - PRINTED} more fields`] : []),
    ]),
    ...forms.map((file) => `- ${code(`dist/${file}`)}: comments, order or spelling only`),
    '',
    '</details>',
    '',
  ];
}

function consequenceItem({ weight, kind, object, says, todo, reference }: Consequence): string {
  const action = todo === undefined ? '' : `<br>**Do:** ${inline(todo)}`;
  return `- ${BADGES[weight]} [${kind}](${reference}) ${code(shortKey(object))}: ${inline(says)}${action}`;
}

/** A code span that its content cannot end (CommonMark 6.1): one backtick more than the longest run in it. */
function code(value: string): string {
  const longest = Math.max(0, ...Array.from(value.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest > 0 ? `${fence} ${value} ${fence}` : `${fence}${value}${fence}`;
}

/** Text whose characters mean nothing to Markdown or HTML: values come from whoever opens a merge request. */
function inline(value: string): string {
  return value.replaceAll(/[\\`*_[\]<>|#~@]/g, (character) =>
    character === '<' ? '&lt;' : character === '@' ? '&#64;' : `\\${character}`,
  );
}

/** The stable form: fields are only ever added. */
function asJson({ before, after, environments }: Diff): object {
  return {
    version: 1,
    before,
    after,
    environments: environments.map(({ environment, changes, forms, consequences }) => ({
      environment,
      objects: changes.map(({ key, kind, before: old, after: now, fields }) => ({
        object: key,
        change: kind,
        file: now && `dist/${now.file}`,
        fileBefore: old && `dist/${old.file}`,
        fields: fields.map(({ field, before: was, after: is }) => ({ field, before: was, after: is })),
      })),
      files: forms.map((file) => `dist/${file}`),
      consequences,
    })),
  };
}
